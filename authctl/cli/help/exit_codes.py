"""The topic `exit-codes`: one meaning each, and what a script sees of an error."""

from __future__ import annotations

from authctl.cli.help.topic import Code, Definition, Definitions, Paragraph, Section, Topic

TOPIC = Topic(
    name="exit-codes",
    title="What the exit code of authctl means",
    summary="What each exit code means.",
    sections=(
        Section(
            "The codes",
            (
                Definitions(
                    (
                        Definition(
                            "0", "Done, or already so. Also if who read the output has read enough."
                        ),
                        Definition("1", "An unexpected failure, such as a full disk."),
                        Definition("2", "Wrong usage, or an input file that is not valid."),
                        Definition("3", "Not found: a user, role, grant or experiment."),
                        Definition("4", "Not authenticated: the server does not accept the login."),
                        Definition("5", "Not allowed: the server knows you, but you may not."),
                        Definition(
                            "6", "A conflict: it exists already, or has changed since the plan."
                        ),
                        Definition(
                            "7",
                            "The server or database cannot be reached, is locked or read-only, or"
                            " is of an unknown schema; there were too many wrong passwords; or the"
                            " port to listen on is in use.",
                        ),
                        Definition(
                            "8",
                            "The answer is no: of perm check and user verify; of plan --exit-code"
                            " if there is something to change; of db check and doctor if they found"
                            " something wrong; of a db upgrade that would change a level.",
                        ),
                        Definition("9", "Partly done; the results say which failed, and why."),
                        Definition("130", "Interrupted by Ctrl-C."),
                        Definition("143", "Terminated."),
                    )
                ),
            ),
        ),
        Section(
            "In scripts",
            (
                Paragraph("To do something twice is harmless and exits 0 both times:"),
                Code(
                    "authctl user create alice --generate --if-not-exists\n"
                    "authctl perm grant alice --experiment fraud --level EDIT\n"
                    "authctl perm revoke alice --model churn --ignore-missing"
                ),
                Paragraph(
                    "Results go to stdout, all else to stderr. With -o json an error is a JSON"
                    " object on stderr, with error_code, message, hint and exit_code."
                ),
            ),
        ),
    ),
)
