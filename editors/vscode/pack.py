#!/usr/bin/env python3
"""pack.py OUT.vsix FOLDER: an extension as VS Code installs it.

A VSIX is a zip of the extension's files below extension/ and two manifests beside it. What goes in is
the package.json without what only a build needs, and the bundle that its "main" names.
"""

import json
import pathlib
import sys
import zipfile
from xml.sax.saxutils import escape, quoteattr

MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id={id} Version={version} Publisher={publisher}/>
    <DisplayName>{name}</DisplayName>
    <Description xml:space="preserve">{description}</Description>
    <Categories>{categories}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={engine}/>
    </Properties>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
  </Assets>
</PackageManifest>
"""
TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="json" ContentType="application/json"/>
  <Default Extension="js" ContentType="application/javascript"/>
  <Default Extension="vsixmanifest" ContentType="text/xml"/>
</Types>
"""
BUILD_ONLY = ("scripts", "devDependencies", "private")


def main():
    out, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    package = json.loads((folder / "package.json").read_text())
    manifest = MANIFEST.format(
        id=quoteattr(package["name"]),
        version=quoteattr(package["version"]),
        publisher=quoteattr(package["publisher"]),
        name=escape(package["displayName"]),
        description=escape(package["description"]),
        categories=escape(",".join(package.get("categories", []))),
        engine=quoteattr(package["engines"]["vscode"]),
    )
    main_file = pathlib.PurePosixPath(package["main"])
    kept = {key: value for key, value in package.items() if key not in BUILD_ONLY}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("extension.vsixmanifest", manifest)
        archive.writestr("extension/package.json", json.dumps(kept, indent=2))
        archive.write(folder / main_file, f"extension/{main_file}")
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
