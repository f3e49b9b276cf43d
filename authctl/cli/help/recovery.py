"""The topic `recovery`: nobody can log in, and other doors that do not open."""

from __future__ import annotations

from authctl.cli.help.topic import Code, Paragraph, Section, Topic

TOPIC = Topic(
    name="recovery",
    title="Nobody can log in",
    summary="Get in when nobody can log in; what to do about a lost key.",
    sections=(
        Section(
            "First",
            (
                Paragraph(
                    "Go to the machine that has the auth database, and let doctor look: it says"
                    " what is wrong, and what mends it."
                ),
                Code("authctl doctor --db sqlite:////srv/mlflow/basic_auth.db"),
            ),
        ),
        Section(
            "The admin's password is lost",
            (
                Paragraph(
                    "reset-admin makes a user an admin with a new password, whoever they were. It"
                    " works on the database itself, whether the server runs or not, and needs no"
                    " login."
                ),
                Code(
                    "export AUTHCTL_DB=sqlite:////srv/mlflow/basic_auth.db\n"
                    "authctl db reset-admin\n"
                    "authctl db reset-admin root --generate"
                ),
            ),
        ),
        Section(
            "The admin still has MLflow's default password",
            (
                Paragraph(
                    "MLflow made its first admin with a password that everybody knows, up to 3.16."
                    " Later releases refuse a login with it, and authctl serve listens on this"
                    " machine only as long as an admin has it. Set another one:"
                ),
                Code("authctl user passwd admin --db sqlite:////srv/mlflow/basic_auth.db"),
            ),
        ),
        Section(
            "The server looks at another database",
            (
                Paragraph(
                    "A relative database_uri, such as MLflow's own sqlite:///basic_auth.db, is"
                    " looked for in the folder that the server was started in: from another folder"
                    " it finds none, and makes a new one with a new admin. And a server that was"
                    " started without MLFLOW_AUTH_CONFIG_PATH, or with a wrong one, does not read"
                    " your basic_auth.ini at all. Write absolute paths, with four slashes, and"
                    " see which database has your users:"
                ),
                Code(
                    "authctl db status --auth-config /etc/mlflow/basic_auth.ini\n"
                    "authctl user list --auth-config /etc/mlflow/basic_auth.ini"
                ),
            ),
        ),
        Section(
            "The secret key is lost",
            (
                Paragraph(
                    "MLFLOW_FLASK_SERVER_SECRET_KEY signs sign-up forms and sessions; no password"
                    " depends on it. Make a new one, and give it to every server of the database."
                    " A sign-up form that was open has to be loaded again."
                ),
                Code("openssl rand -hex 32"),
                Paragraph(
                    "Beside an SQLite database authctl serve keeps a key of its own, in a file"
                    " whose name ends in .secret_key. If it is damaged, remove it: the next start"
                    " makes another. If others can read it, do the same."
                ),
            ),
        ),
        Section(
            "The database is locked or damaged",
            (
                Paragraph(
                    "An SQLite database is locked while another process writes. If it stays so,"
                    " one has hung: find it and stop it. Never delete the files beside the"
                    " database that end in -journal or -wal: they hold what was written last."
                ),
                Code("fuser -v /srv/mlflow/basic_auth.db"),
                Paragraph("A damaged database is moved away, and made anew from a backup:"),
                Code(
                    "mv /srv/mlflow/basic_auth.db /srv/mlflow/basic_auth.damaged\n"
                    "authctl db restore auth-backup.db --db sqlite:////srv/mlflow/basic_auth.db\n"
                    "authctl db check --db sqlite:////srv/mlflow/basic_auth.db"
                ),
            ),
        ),
        Section(
            "The server is right, and your login is not",
            (
                Paragraph(
                    "An entry for the host in ~/.netrc beats all variables, a forgotten"
                    " ~/.mlflow/credentials beats a token. doctor says which is sent, and which"
                    " are passed over:"
                ),
                Code("authctl doctor --server https://mlflow.example.com"),
            ),
        ),
    ),
)
