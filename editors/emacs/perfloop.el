;;; perfloop.el --- The optimization loop, through eglot  -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: tools, languages
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Put this file on the load path and say
;;
;;     (require 'perfloop)
;;     (perfloop-setup)
;;
;; From then on Python, Rust and CUDA buffers, and the files that can hold a workload, are managed by
;; the perfloop server.  Diagnostics, ElDoc, code actions and (in newer eglots) inlay hints and call
;; hierarchy are eglot's own.  Eglot draws no code lenses; all they offer is also a code action
;; (`eglot-code-actions') and one of the commands below, which `perfloop-map' collects:
;;
;;     (global-set-key (kbd "C-c p") perfloop-map)
;;
;; Eglot gives a buffer one server.  When rass is on the path (https://github.com/joaotavora/rassumfrassum,
;; a multiplexer for language servers) and eglot knows another server for the mode, both run: the
;; other one first, perfloop as its add-on.  `perfloop-add-on' turns that off.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'jsonrpc)
(require 'seq)

(defgroup perfloop nil
  "The optimization loop in your editor."
  :group 'tools
  :prefix "perfloop-")

(defcustom perfloop-program '("perfloop" "lsp" "--stdio")
  "The server: program and arguments."
  :type '(repeat string))

(defcustom perfloop-add-on t
  "Whether to run beside the server that eglot would start otherwise.
That needs the multiplexer `perfloop-multiplexer' on the path.  Without
it, or when nil, perfloop is the buffer's only server."
  :type 'boolean)

(defcustom perfloop-multiplexer "rass"
  "The program that lets one buffer have two servers."
  :type 'string)

(defconst perfloop-languages
  '((python-mode python-ts-mode)
    (rust-mode rust-ts-mode rustic-mode)
    (cuda-mode (perfloop-cuda-mode :language-id "cuda"))
    ((toml-mode :language-id "toml") (toml-ts-mode :language-id "toml")
     (conf-toml-mode :language-id "toml")))
  "Keys for `eglot-server-programs', one for each language.")

(defconst perfloop-workload-files '("perfloop.toml" "pyproject.toml" "Cargo.toml")
  "The TOML files that can hold a workload.")

;;; CUDA

(define-derived-mode perfloop-cuda-mode c++-mode "CUDA"
  "C++ in files of CUDA, for an Emacs without the package cuda-mode.")

(defun perfloop--name-cuda-files ()
  "See to it that .cu and .cuh have a mode."
  (unless (or (fboundp 'cuda-mode)
              (assoc-default "kernel.cu" auto-mode-alist #'string-match))
    (add-to-list 'auto-mode-alist '("\\.cuh?\\'" . perfloop-cuda-mode))))

;;; Registration

(defun perfloop--specs (key)
  "The (MODE . PLIST) specifications of KEY in `eglot-server-programs'."
  (mapcar (lambda (spec) (if (consp spec) spec (list spec)))
          (if (or (symbolp key) (keywordp (cadr key))) (list key) key)))

(defun perfloop--other-server ()
  "The command that eglot would start in this buffer without perfloop, or nil."
  (cl-loop for (key . contact) in eglot-server-programs
           when (and (not (eq contact #'perfloop--contact))
                     (apply #'derived-mode-p (mapcar #'car (perfloop--specs key))))
           return (let ((command (if (functionp contact)
                                     (ignore-errors (funcall contact nil))
                                   contact)))
                    (and (consp command) (seq-every-p #'stringp command)
                         (executable-find (car command))
                         command))))

(defun perfloop--contact (&optional _interactive)
  "Give the command to run: perfloop, or the multiplexer with both."
  (let ((other (and perfloop-add-on
                    (executable-find perfloop-multiplexer)
                    (perfloop--other-server))))
    (if other
        `(,perfloop-multiplexer "--" ,@other "--" ,@perfloop-program)
      perfloop-program)))

(defun perfloop--ensure ()
  "Start the server for this buffer when it has something for it."
  (when (and buffer-file-name
             (executable-find (car perfloop-program))
             (or (not (string-suffix-p ".toml" buffer-file-name))
                 (member (file-name-nondirectory buffer-file-name) perfloop-workload-files)))
    (eglot-ensure)))

;;;###autoload
(defun perfloop-setup ()
  "Register the server with eglot and start it in the buffers it is for."
  (interactive)
  (perfloop--name-cuda-files)
  (dolist (key perfloop-languages)
    ;; In front of eglot's own entry, which stays: it names the other server.
    (add-to-list 'eglot-server-programs (cons key #'perfloop--contact))
    (dolist (spec (perfloop--specs key))
      (add-hook (intern (format "%s-hook" (car spec))) #'perfloop--ensure))))

;;; Commands

(defun perfloop--run (command &rest arguments)
  "Run the server's COMMAND with ARGUMENTS, a plist.
It answers at once; what comes of it arrives as messages and diagnostics."
  (let ((server (or (eglot-current-server)
                    (user-error "No server manages this buffer; M-x eglot starts one"))))
    ;; The candidate is what is in the buffers, so the last keystrokes have to be there first.
    (when (fboundp 'eglot--signal-textDocument/didChange)
      (eglot--signal-textDocument/didChange))
    (jsonrpc-request server :workspace/executeCommand
                     `(:command ,(concat "perfloop." command)
                       :arguments [(,@(and buffer-file-name
                                           (list :uri (plist-get (eglot--TextDocumentIdentifier) :uri)))
                                    ,@arguments)]))))

(defmacro perfloop--define (name command doc)
  "Define the interactive function NAME for COMMAND, described by DOC."
  (declare (indent 2))
  `(defun ,name ()
     ,doc
     (interactive)
     (perfloop--run ,command)))

(perfloop--define perfloop-baseline "baseline"
  "Measure the baseline: no optimization without a number.")
(perfloop--define perfloop-profile "profile"
  "Profile the workload's benchmark, so that hot lines are shown.")
(perfloop--define perfloop-measure "measure"
  "Measure what is in the buffers now against the baseline.")
(perfloop--define perfloop-measure-more "measureMore"
  "Go on measuring the last candidate for a clearer verdict.")
(perfloop--define perfloop-keep "keep"
  "Run the tests and commit the measured change with its numbers.")
(perfloop--define perfloop-revert "revert"
  "Take the measured change back; `perfloop-restore' brings it again.")
(perfloop--define perfloop-restore "restore"
  "Bring back the change that was reverted last.")
(perfloop--define perfloop-cancel "cancel"
  "Cancel the job that runs.")
(perfloop--define perfloop-trust "trust"
  "Agree to the commands of this workspace's workload.")
(perfloop--define perfloop-init "init"
  "Write a first perfloop.toml for this project.")
(perfloop--define perfloop-details "showDetails"
  "Show all that is known about this place.")
(perfloop--define perfloop-status "status"
  "Say where the loop stands.")

(defun perfloop-metric (metric)
  "Show METRIC of the profile, or with an empty answer the next one."
  (interactive "sMetric (empty: the next): ")
  (perfloop--run "showMetric" :metric metric))

(defun perfloop-show-profile (profile)
  "Show PROFILE, a number of the ledger, or with an empty answer the newest."
  (interactive "sProfile number (empty: the newest): ")
  (perfloop--run "showProfile" :profile profile))

(defun perfloop-import (file)
  "Read the profile in FILE and show its hot lines."
  (interactive "fProfile: ")
  (perfloop--run "import" :path (expand-file-name file)))

(defun perfloop-hot ()
  "Choose among the hottest functions and go there."
  (interactive)
  (xref-find-apropos ""))

(defvar perfloop-map
  (let ((map (make-sparse-keymap)))
    (define-key map "b" #'perfloop-baseline)
    (define-key map "p" #'perfloop-profile)
    (define-key map "m" #'perfloop-measure)
    (define-key map "M" #'perfloop-measure-more)
    (define-key map "k" #'perfloop-keep)
    (define-key map "r" #'perfloop-revert)
    (define-key map "R" #'perfloop-restore)
    (define-key map "c" #'perfloop-cancel)
    (define-key map "d" #'perfloop-details)
    (define-key map "h" #'perfloop-hot)
    (define-key map "t" #'perfloop-metric)
    (define-key map "n" #'perfloop-show-profile)
    (define-key map "s" #'perfloop-status)
    map)
  "Commands of the loop, to be bound to a prefix key.")
(fset 'perfloop-map perfloop-map)

(provide 'perfloop)
;;; perfloop.el ends here
