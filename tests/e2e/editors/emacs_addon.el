;;; emacs_addon.el --- perfloop beside another server in one buffer  -*- lexical-binding: t -*-

;;     emacs -q --batch -l emacs_walk.el -l emacs_addon.el        with WALK=none
;; rass and pylsp are on the path (see get_editors.sh, multiplexer).

;;; Code:

(catch 'stop
  (condition-case problem
      (progn
        (setq perfloop-program (list (getenv "SERVER") "--stdio")
              walk-buffer (find-file-noselect (expand-file-name "tokenizer.py" (getenv "REPO"))))
        (perfloop-setup)
        (switch-to-buffer walk-buffer)
        (walk-check "both servers are started" (equal (car (perfloop--contact)) "rass")
                    (perfloop--contact))
        (apply #'eglot--connect (eglot--guess-contact))
        (setq walk-server (walk-eventually "the servers run" 30 nil (eglot-current-server)))
        (goto-char (point-max))
        (insert "\n\nundefined_thing\n")
        (walk-eventually "the other server's diagnostics are there" 30 (walk-diagnostics)
          (cl-find-if (lambda (item) (string-match-p "undefined name" (nth 2 item)))
                      (walk-diagnostics)))
        (walk-eventually "and those of perfloop" 30 (walk-diagnostics)
          (walk-diagnostic "hot-line" (walk-line (getenv "HOT_TEXT"))))
        (walk-action (walk-line (getenv "HOT_TEXT")) "show where the loop stands")
        (walk-eventually "perfloop answers" 20 nil
          (with-current-buffer "*Messages*"
            (save-excursion
              (goto-char (point-min))
              (re-search-forward "perfloop: nothing was measured here yet" nil t)))))
    (error
     (princ (format "FAIL %S\nasked: %S\n" problem walk-asked))
     (cl-incf walk-failed))))
(princ (format "Emacs %s: %s\n" emacs-version (if (= walk-failed 0) "both in one buffer" "failed")))
(kill-emacs (min walk-failed 1))
;;; emacs_addon.el ends here
