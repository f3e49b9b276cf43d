"""What authctl-config(5) tells: the files that authctl reads, and what may stand in them."""

from __future__ import annotations

from authctl.cli.help import Code, Definition, Definitions, Paragraph, Section, Topic

EXAMPLE = """\
current = "prod"

[context.prod]
server = "https://mlflow.example.com"
username = "alice"
ca_cert = "/etc/ssl/company.pem"

[context.local]
db = "sqlite:////srv/mlflow/basic_auth.db"
"""

TOPIC = Topic(
    name="config",
    title="Files",
    summary="The files that authctl reads: contexts, logins and the server's settings.",
    sections=(
        Section(
            "Description",
            (
                Paragraph(
                    "authctl needs no file. It reads those below where they are, and the variables"
                    " of the environment; authctl whoami -v shows which setting is from where."
                ),
            ),
        ),
        Section(
            "Contexts: config.toml",
            (
                Paragraph(
                    "$XDG_CONFIG_HOME/authctl/config.toml, or ~/.config/authctl/config.toml, names"
                    " servers and databases. authctl context and authctl login write it; comments"
                    " in it are not kept. Only its owner can read it (mode 0600)."
                ),
                Code(EXAMPLE),
                Definitions(
                    (
                        Definition(
                            "current",
                            "The context that is used where no option and no variable says where"
                            " to go.",
                        ),
                        Definition("server", "The address of the server."),
                        Definition("db", "The URL of the auth database, in place of a server."),
                        Definition(
                            "auth_config",
                            "MLflow's basic_auth.ini, for a context that is a database.",
                        ),
                        Definition("username", "Who signs in to the server."),
                        Definition(
                            "password",
                            "Their password; only authctl login --context NAME puts it there.",
                        ),
                        Definition(
                            "token",
                            "A token in place of both; only authctl login --context NAME puts it"
                            " there, and it is sent to this server alone.",
                        ),
                        Definition(
                            "keyring",
                            "true: the password, or without a username the token, is in the"
                            " system's keyring. authctl login --keyring puts it there.",
                        ),
                        Definition("ca_cert", "The certificates to trust, as --ca-cert."),
                        Definition(
                            "client_cert",
                            "A certificate with its key to show to the server, as --client-cert.",
                        ),
                        Definition(
                            "insecure",
                            "true: do not check the server's certificate, as --insecure.",
                        ),
                        Definition(
                            "allow_http",
                            "true: send credentials without TLS to another machine, as"
                            " --allow-http.",
                        ),
                        Definition("timeout", "Seconds to wait for an answer, as --timeout."),
                        Definition(
                            "retries",
                            "How often to repeat a request that may be repeated, as --retries.",
                        ),
                    )
                ),
            ),
        ),
        Section(
            "The login: ~/.mlflow/credentials",
            (
                Paragraph(
                    "One login for all servers, which mlflow reads too. authctl login writes it"
                    " and authctl logout takes it out. In a value a percent sign is written"
                    " twice: %%."
                ),
                Code(
                    "[mlflow]\n"
                    "mlflow_tracking_username = alice\n"
                    "mlflow_tracking_password = a long enough password"
                ),
                Paragraph(
                    "An entry for the server's host in ~/.netrc, or in the file that NETRC names,"
                    " comes before it."
                ),
            ),
        ),
        Section(
            "The login to Databricks: ~/.databrickscfg",
            (
                Paragraph(
                    "Databricks' own file, or the one that DATABRICKS_CONFIG_FILE names, which"
                    " mlflow reads for MLFLOW_TRACKING_URI=databricks and databricks://PROFILE."
                    " authctl login --backend databricks writes host and token, or host, username"
                    " and password, into one profile; authctl logout --backend databricks takes"
                    " these out. All else in the file stays as it is."
                ),
                Code(
                    "[DEFAULT]\nhost = https://dbc-a1b2345c-d6e7.cloud.databricks.com\ntoken = ..."
                ),
            ),
        ),
        Section(
            "The server: basic_auth.ini",
            (
                Paragraph(
                    "MLflow's own file, named by --auth-config or MLFLOW_AUTH_CONFIG_PATH, with a"
                    " section [mlflow]. authctl serve reads it all; other commands find the auth"
                    " database in it. An unknown key is an error."
                ),
                Definitions(
                    (
                        Definition(
                            "database_uri",
                            "The auth database; sqlite:///basic_auth.db if left out. A relative"
                            " path begins where the command is started.",
                        ),
                        Definition(
                            "default_permission",
                            "The level of users without a grant: READ if left out.",
                        ),
                        Definition(
                            "admin_username, admin_password",
                            "The first admin, made if there is no user yet.",
                        ),
                        Definition(
                            "authorization_function",
                            "How callers sign in, as module:function; HTTP basic if left out."
                            " authctl.server.jwt:authenticate is for tokens (JWT), as the next"
                            " five say.",
                        ),
                        Definition(
                            "jwt_keys",
                            "The keys of the tokens' issuer: the path of a JWKS file, or an https"
                            " address.",
                        ),
                        Definition(
                            "jwt_issuer, jwt_audience",
                            "Whose tokens are believed, and for whom they must be made: iss, aud.",
                        ),
                        Definition(
                            "jwt_algorithms",
                            "How tokens may be signed, separated by commas; RS256 if left out.",
                        ),
                        Definition(
                            "jwt_username_claim",
                            "What in a token is the username; sub if left out.",
                        ),
                        Definition(
                            "failed_logins_per_user, failed_logins_per_address",
                            "How many wrong passwords a minute are looked at: 10 and 60 if left"
                            " out; 0 is no limit.",
                        ),
                        Definition(
                            "upstream_username, upstream_password",
                            "How the server signs in to what stands before an MLflow elsewhere"
                            " (authctl serve --upstream).",
                        ),
                        Definition("upstream_token", "Instead of them, a bearer token."),
                        Definition(
                            "upstream_ca_cert, upstream_client_cert",
                            "PEM files: the authorities to trust there instead of the system's,"
                            " and a certificate with its key to show.",
                        ),
                        Definition(
                            "grant_default_workspace_access, workspace_cache_max_size,"
                            " workspace_cache_ttl_seconds, auth_cache_max_size,"
                            " auth_cache_ttl_seconds, read_database_uri",
                            "Of MLflow's own server; here they have no meaning.",
                        ),
                    )
                ),
            ),
        ),
        Section(
            "Files",
            (
                Definitions(
                    (
                        Definition("~/.config/authctl/config.toml", "Contexts."),
                        Definition("~/.mlflow/credentials", "The login for every server."),
                        Definition("~/.databrickscfg", "Logins to Databricks, by profile."),
                        Definition("~/.netrc", "Logins by host, for many programs."),
                        Definition(
                            "~/.cache/authctl",
                            "Names that shell completion remembers for a minute. It can be deleted"
                            " at any time.",
                        ),
                    )
                ),
            ),
        ),
    ),
)
