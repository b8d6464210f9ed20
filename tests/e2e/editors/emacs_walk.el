;;; emacs_walk.el --- The walk through the loop in Emacs 28 and 30  -*- lexical-binding: t -*-

;;     emacs -q --batch -l emacs_walk.el
;; Environment: REPO, WORK, SERVER, HOT_TEXT (see common.sh), PLUGIN (perfloop.el).

;;; Code:

;; Before eglot is loaded: a compiler in the background would pop up windows.
(setq native-comp-enable-subr-trampolines nil
      comp-enable-subr-trampolines nil
      inhibit-automatic-native-compilation t
      native-comp-jit-compilation nil
      native-comp-deferred-compilation nil
      make-backup-files nil
      auto-save-default nil
      create-lockfiles nil
      vc-handled-backends '(Git))

(require 'cl-lib)
(require 'eglot)
(require 'flymake)
(require 'python)
(load (getenv "PLUGIN") nil t)

(setq eglot-sync-connect t
      eglot-connect-timeout 20
      eglot-autoshutdown nil)
;; A server's edit asks y or n otherwise; the option has two names.
(set (if (boundp 'eglot-confirm-server-edits) 'eglot-confirm-server-edits
       'eglot-confirm-server-initiated-edits)
     nil)

(defvar walk-failed 0)
(defvar walk-buffer nil)
(defvar walk-server nil)

(defun walk-check (what ok &optional seen)
  "Print whether WHAT is OK, with SEEN when it is not, and stop then."
  (princ (format "%s %s%s\n" (if ok "ok  " "FAIL") what (if ok "" (format ": %S" seen))))
  (unless ok
    (cl-incf walk-failed)
    (throw 'stop nil))
  ok)

(defun walk-flush ()
  "Send what was typed: batch is never idle, so eglot's own timer does not run."
  (with-current-buffer walk-buffer
    (eglot--signal-textDocument/didChange)))

(defun walk-until (condition seconds)
  "Wait at most SECONDS until CONDITION gives a value."
  (let ((end (+ (float-time) seconds)) value)
    (while (and (not (setq value (with-current-buffer walk-buffer (funcall condition))))
                (< (float-time) end))
      (accept-process-output nil 0.02))
    value))

(defmacro walk-eventually (what seconds seen &rest body)
  "Wait at most SECONDS for BODY; WHAT names it and SEEN is shown if it fails."
  (declare (indent 3))
  `(let ((value (walk-until (lambda () ,@body) ,seconds)))
     (walk-check ,what value (unless value (with-current-buffer walk-buffer ,seen)))))

(defun walk-file (name)
  "The text of the file NAME in WORK."
  (with-temp-buffer
    (insert-file-contents (expand-file-name name (getenv "WORK")))
    (buffer-string)))

(defun walk-text ()
  "The buffer's text."
  (with-current-buffer walk-buffer
    (buffer-substring-no-properties (point-min) (point-max))))

(defun walk-set-text (text)
  "Replace what differs, as a person's edits would, so that the buffer holds TEXT."
  (with-current-buffer walk-buffer
    (let ((new (generate-new-buffer " *new*")))
      (with-current-buffer new (insert text))
      (replace-buffer-contents new)
      (kill-buffer new))
    (walk-flush)))

(defun walk-line (text)
  "The number of the line that holds TEXT."
  (with-current-buffer walk-buffer
    (save-excursion
      (goto-char (point-min))
      (search-forward text)
      (line-number-at-pos))))

;;; What Emacs shows

(defun walk-diagnostics ()
  "All diagnostics as (LINE CODE TEXT)."
  (walk-flush)
  (flymake-start)
  (mapcar (lambda (diagnostic)
            (let ((lsp (cdr (assoc 'eglot-lsp-diag (flymake-diagnostic-data diagnostic)))))
              (list (line-number-at-pos (flymake-diagnostic-beg diagnostic))
                    (plist-get lsp :code)
                    (flymake-diagnostic-text diagnostic))))
          (flymake-diagnostics)))

(defun walk-diagnostic (code &optional line)
  "The first diagnostic with CODE, on LINE when given."
  (cl-find-if (lambda (item)
                (and (equal (nth 1 item) code) (or (null line) (= line (car item)))))
              (walk-diagnostics)))

(defun walk-hints ()
  "Inlay hints as (LINE . TEXT); batch has no redisplay, so they are asked for by force."
  (walk-flush)
  (eglot--update-hints-1 (point-min) (point-max))
  (accept-process-output nil 0.1)
  (cl-loop for overlay in (overlays-in (point-min) (1+ (point-max)))
           when (overlay-get overlay 'eglot--inlay-hint)
           collect (cons (line-number-at-pos (overlay-start overlay))
                         (substring-no-properties (or (overlay-get overlay 'before-string)
                                                      (overlay-get overlay 'after-string)
                                                      "")))))

(defun walk-hint (line)
  "The hint on LINE."
  (cdr (assq line (walk-hints))))

;;; The person

(defvar walk-wanted "Allow" "The person takes the first choice that holds this.")
(defvar walk-asked nil "What was asked, newest first.")
(define-error 'walk-no-choice "Nothing to choose")

(setq completing-read-function
      (lambda (prompt collection &rest _)
        (let ((choices (all-completions "" collection)))
          (push (format "%s: %s" prompt choices) walk-asked)
          (or (cl-find-if (lambda (choice) (string-match-p walk-wanted choice)) choices)
              (signal 'walk-no-choice (list walk-wanted choices))))))

(defun walk-action (line title)
  "Take the code action whose title holds TITLE on LINE.
While a job runs there is little to take, so a person looks again."
  (walk-eventually (format "the code action %s" title) 180 (car walk-asked)
    (walk-flush)
    (goto-char (point-min))
    (forward-line (1- line))
    (back-to-indentation)
    (let ((walk-wanted title)
          (last-nonmenu-event ?x))      ; nil would mean the mouse: a menu instead of a question
      (condition-case nil
          (progn (eglot-code-actions (point) (point) nil t) t)
        (walk-no-choice (accept-process-output nil 0.3) nil)))))

;;; The walk

(defun walk-verdict (code before)
  "Wait for the verdict CODE, or for an unclear one other than BEFORE."
  (walk-eventually "a verdict" 300 (walk-diagnostics)
    (or (walk-diagnostic code)
        (let ((unclear (nth 2 (walk-diagnostic "unclear"))))
          (and unclear (not (equal unclear before)))))))

(defun walk-measure (code)
  "Measure and wait for the verdict with CODE.
On a noisy machine the first answer can be that it is unclear; then a
person measures longer."
  (let ((line (walk-line "def tokenize(")) (tries 6) before)
    (walk-action line "measure tokenize")
    (walk-verdict code before)
    (while (and (> (cl-decf tries) 0)
                (with-current-buffer walk-buffer (not (walk-diagnostic code))))
      (setq before (nth 2 (with-current-buffer walk-buffer (walk-diagnostic "unclear"))))
      (walk-action line "longer")
      (walk-verdict code before))
    (let ((verdict (with-current-buffer walk-buffer (walk-diagnostic code))))
      (walk-check (format "it is a %s" code) verdict (with-current-buffer walk-buffer (walk-diagnostics)))
      (walk-check "with numbers before and after"
                  (string-match-p "ms → .*ms, [-+][0-9]+ %" (nth 2 verdict)) verdict))))

(defun walk-heat ()
  "What a hot file shows, and that it stays right."
  (let ((hot (walk-line (getenv "HOT_TEXT"))))
    (walk-eventually "the hot line has a diagnostic" 20 (walk-diagnostics)
      (walk-diagnostic "hot-line" hot))
    (walk-check "it says the share" (string-match-p "70 %" (nth 2 (walk-diagnostic "hot-line" hot)))
                (walk-diagnostics))
    (when (fboundp 'eglot-inlay-hints-mode)
      (eglot-inlay-hints-mode 1)
      (walk-eventually "the hot line has an inlay hint" 20 (walk-hints)
        (string-match-p "%" (or (walk-hint hot) ""))))
    (goto-char (point-min))
    (insert "# one\n# two\n# three\n")
    (walk-eventually "typing above moves the diagnostic" 20 (walk-diagnostics)
      (and (walk-diagnostic "hot-line" (+ hot 3)) (not (walk-diagnostic "hot-line" hot))))
    (when (fboundp 'eglot-inlay-hints-mode)
      (walk-eventually "and the hint" 20 (walk-hints)
        (and (walk-hint (+ hot 3)) (not (walk-hint hot)))))
    (delete-region (point-min) (save-excursion (goto-char (point-min)) (forward-line 3) (point)))
    (walk-eventually "and taking it back moves it back" 20 (walk-diagnostics)
      (walk-diagnostic "hot-line" hot))
    (goto-char (point-min))
    (forward-line (1- hot))
    (let ((hover (jsonrpc-request walk-server :textDocument/hover
                                  (eglot--TextDocumentPositionParams))))
      (walk-check "hover says more" (string-match-p "%" (format "%S" hover)) hover))))

(defun walk-loop ()
  "Measure and keep a good change, measure and take back a bad one."
  (let ((good (walk-file "good.py")))
    (walk-set-text good)
    (save-buffer)
    (walk-measure "improvement")
    (walk-check "it asked before it ran a command of this workspace"
                (cl-find-if (lambda (question)
                              (string-match-p "benchmarks/test_tokenize.py\\(.\\|\n\\)*Allow" question))
                            walk-asked)
                walk-asked)
    (walk-action (walk-line "def tokenize(") "keep and commit")
    (walk-eventually "the commit is there" 120 walk-asked
      (string-match-p "Perfloop-Verdict"
                      (shell-command-to-string "git log -1 --format=%B")))
    (walk-eventually "the verdict is gone from the buffer" 30 (walk-diagnostics)
      (not (walk-diagnostic "improvement")))
    (walk-set-text (walk-file "bad.py"))
    (walk-measure "regression")
    (walk-action (walk-line "def tokenize(") "revert iteration")
    (walk-eventually "the buffer holds the good text again" 60 (walk-text)
      (equal (walk-text) good))
    (walk-eventually "the regression is gone" 30 (walk-diagnostics)
      (not (walk-diagnostic "regression")))
    (save-buffer)))

(unless (equal (getenv "WALK") "none")  ; emacs_addon.el makes a walk of its own
  (catch 'stop
    (condition-case problem
        (progn
          (setq perfloop-program (list (getenv "SERVER") "--stdio")
                walk-buffer (find-file-noselect (expand-file-name "tokenizer.py" (getenv "REPO"))))
          (perfloop-setup)
          (walk-check "files of CUDA have a mode that is managed"
                      (let ((mode (assoc-default "kernel.cuh" auto-mode-alist #'string-match)))
                        (with-temp-buffer (funcall mode) (derived-mode-p 'perfloop-cuda-mode 'cuda-mode)))
                      auto-mode-alist)
          (switch-to-buffer walk-buffer)
          ;; eglot-ensure waits for a command loop, which batch lacks.
          (apply #'eglot--connect (eglot--guess-contact))
          (setq walk-server (walk-eventually "the server runs" 20 nil (eglot-current-server)))
          (walk-heat)
          (walk-loop)
          (eglot-shutdown walk-server nil 10)
          (walk-check "the server ends" (not (jsonrpc-running-p walk-server))))
      (error
       (princ (format "FAIL %S\nasked: %S\n" problem walk-asked))
       (cl-incf walk-failed))))
  (princ (format "Emacs %s: %s\n" emacs-version (if (= walk-failed 0) "the whole walk" "failed")))
  (kill-emacs (min walk-failed 1)))
;;; emacs_walk.el ends here
