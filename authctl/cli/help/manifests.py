"""The topic `manifests`: all users, roles and grants in one file."""

from __future__ import annotations

from authctl.cli.help.topic import Code, Definition, Definitions, Paragraph, Section, Topic

EXAMPLE = """\
version = 1

[[user]]
name = "root"
admin = true

[[user]]
name = "alice"
password_file = "secrets/alice.txt"

[[user]]
name = "ci-bot"
password = "generate"

[[role]]
name = "fraud-team"
description = "Works on fraud detection."
members = ["alice", "ci-bot"]
grants = [
  { experiment = "fraud", level = "EDIT" },
  { model = "fraud-scorer", level = "READ" },
]

[[grant]]
user = "alice"
model = "fraud-scorer"
level = "MANAGE"

[[grant]]
users = ["alice", "ci-bot"]
experiment_id = "7"
level = "NO_PERMISSIONS"

[[grant]]
role = "fraud-team"
resource = "prompt:*"
level = "READ"
"""

TOPIC = Topic(
    name="manifests",
    title="Manifests: users, roles and grants in one file",
    summary="The file that export writes, and plan and apply read.",
    sections=(
        Section(
            "How to use one",
            (
                Code(
                    "authctl export --out access.toml\n"
                    "authctl plan -f access.toml\n"
                    "authctl apply -f access.toml"
                ),
                Paragraph(
                    "export writes what is there now. plan shows what would have to change, with +"
                    " for what is added, ~ for what is changed and - for what is removed, and"
                    " changes nothing. apply does it; to apply the same file again changes nothing."
                ),
                Paragraph(
                    "Nothing is removed because a manifest does not name it, unless --prune is"
                    " given; and then no more than --max-deletes things."
                ),
            ),
        ),
        Section("An example", (Code(EXAMPLE.rstrip()),)),
        Section(
            "Tables and keys",
            (
                Paragraph(
                    "A manifest is a TOML file that says version = 1. Keys that are not in this"
                    " list are refused."
                ),
                Definitions(
                    (
                        Definition(
                            "[[user]] name",
                            "The account. It is made if it is not there, with the password that"
                            " password_file or password says.",
                        ),
                        Definition(
                            "[[user]] admin",
                            "true or false; left out, it stays as it is, and a new user is none.",
                        ),
                        Definition(
                            "[[user]] password_file",
                            "The file that holds a new user's password, named from the folder of"
                            " the manifest. The password of a user who is there stays as it is.",
                        ),
                        Definition(
                            "[[user]] password",
                            '"generate": the new password is made up and printed, once; or "none":'
                            " the new user is a service account, which has tokens only. A password"
                            " written out is refused.",
                        ),
                        Definition(
                            "[[role]] name, description", "The role, made if it is not there."
                        ),
                        Definition(
                            "[[role]] members", "Users by name; left out, they stay as they are."
                        ),
                        Definition(
                            "[[role]] grants",
                            "What the role gives: a target and a level each. Roles need MLflow 3.12"
                            " or later, or authctl serve.",
                        ),
                        Definition(
                            "[[grant]] user, users, role", "Whose grant it is: one of the three."
                        ),
                        Definition(
                            "[[grant]] experiment, experiment_id, model, prompt, resource",
                            "The target, or a list of them; resource is TYPE:PATTERN, as of"
                            " --resource.",
                        ),
                        Definition(
                            "[[grant]] level",
                            "READ, USE, EDIT or MANAGE; to shut out, NO_PERMISSIONS.",
                        ),
                    )
                ),
            ),
        ),
        Section(
            "In CI",
            (
                Paragraph(
                    "plan --exit-code exits 8 if anything differs. A saved plan is carried out as"
                    " it was shown, or refused with exit code 6 if things have changed since."
                ),
                Code(
                    "authctl plan -f access.toml --prune --exit-code\n"
                    "authctl plan -f access.toml --out access.plan\n"
                    "authctl apply access.plan --yes"
                ),
                Paragraph(
                    "On a database, apply does all or nothing. Through a server it goes on after a"
                    " failure, exits 9, and does the rest when it is run again."
                ),
            ),
        ),
    ),
)
