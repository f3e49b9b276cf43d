"""The topic `environment`: every variable that authctl reads."""

from __future__ import annotations

from authctl.cli.help.topic import Code, Definition, Definitions, Paragraph, Section, Topic

TOPIC = Topic(
    name="environment",
    title="The environment variables that authctl reads",
    summary="The variables that authctl reads, and what comes first.",
    sections=(
        Section(
            "What comes first",
            (
                Paragraph(
                    "An option beats a variable, a variable beats the current context, and that"
                    " beats the credentials file and the defaults. A context that was named for one"
                    " command, by --context or AUTHCTL_CONTEXT, beats MLflow's variables."
                ),
                Paragraph(
                    "A shell that works with mlflow works with authctl: its variables mean what"
                    " they mean to MLflow's own client."
                ),
                Code("authctl whoami -v\nauthctl doctor"),
                Paragraph(
                    "The first says where each setting is from, the second which others lost, and"
                    " what is wrong with them."
                ),
            ),
        ),
        Section(
            "Where to",
            (
                Definitions(
                    (
                        Definition("AUTHCTL_SERVER", "The address of the server, as --server."),
                        Definition("AUTHCTL_DB", "The URL of the auth database, as --db."),
                        Definition("AUTHCTL_CONTEXT", "The context to work in, as --context."),
                        Definition(
                            "MLFLOW_TRACKING_URI",
                            "The address of the server if none of these is set and it begins with"
                            " http:// or https://. When authctl works on a database, the server"
                            " that knows experiments by their names.",
                        ),
                        Definition(
                            "MLFLOW_AUTH_CONFIG_PATH",
                            "MLflow's basic_auth.ini, as --auth-config. Its database_uri is used if"
                            " no server and no database is named in another way.",
                        ),
                    )
                ),
            ),
        ),
        Section(
            "Who asks",
            (
                Definitions(
                    (
                        Definition(
                            "MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD",
                            "The login. What is not set is taken from ~/.mlflow/credentials. A"
                            " login in the server's address beats both, and an entry for the host"
                            " in ~/.netrc beats that.",
                        ),
                        Definition(
                            "MLFLOW_TRACKING_TOKEN",
                            "A token; used only where there is no complete username and password.",
                        ),
                        Definition("NETRC", "The file to read in place of ~/.netrc."),
                        Definition(
                            "PYTHON_KEYRING_BACKEND",
                            "The keyring for authctl login --keyring, where the system's own is not"
                            " meant.",
                        ),
                        Definition(
                            "MLFLOW_TRACKING_AWS_SIGV4",
                            "true: sign requests for an AWS API Gateway, which beats every login"
                            " and token. Credentials and region are found as by the AWS command"
                            " line, in variables such as AWS_ACCESS_KEY_ID, AWS_PROFILE and"
                            " AWS_DEFAULT_REGION first. Needs pip install 'authctl[aws]'.",
                        ),
                        Definition(
                            "MLFLOW_TRACKING_AUTH",
                            "The name of a plugin of mlflow.request_auth_provider that signs"
                            " requests in; else the Authorization header itself. It beats every"
                            " login and token too.",
                        ),
                    )
                ),
            ),
        ),
        Section(
            "For authctl login --backend databricks",
            (
                Definitions(
                    (
                        Definition(
                            "DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_USERNAME,"
                            " DATABRICKS_PASSWORD",
                            "A login that is checked as it is, and beats the one in the file: a"
                            " host, and a token or a username and password.",
                        ),
                        Definition(
                            "DATABRICKS_CONFIG_FILE", "The file, in place of ~/.databrickscfg."
                        ),
                        Definition("DATABRICKS_CONFIG_PROFILE", "The profile in it, as --profile."),
                    )
                ),
            ),
        ),
        Section(
            "How",
            (
                Definitions(
                    (
                        Definition(
                            "MLFLOW_TRACKING_SERVER_CERT_PATH",
                            "The certificates to trust, as --ca-cert.",
                        ),
                        Definition(
                            "REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE",
                            "The same, where nothing else says which to trust.",
                        ),
                        Definition(
                            "MLFLOW_TRACKING_CLIENT_CERT_PATH",
                            "A certificate with its key to show to the server, as --client-cert.",
                        ),
                        Definition(
                            "MLFLOW_TRACKING_INSECURE_TLS",
                            "true: do not check the server's certificate, as --insecure.",
                        ),
                        Definition(
                            "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY",
                            "The proxy to ask through, and the hosts to ask without one. This"
                            " machine itself is never asked through a proxy.",
                        ),
                    )
                ),
            ),
        ),
        Section(
            "Output and files",
            (
                Definitions(
                    (
                        Definition("NO_COLOR", "Set to anything: no colours."),
                        Definition(
                            "XDG_CONFIG_HOME",
                            "Where authctl/config.toml with the contexts is, in place of"
                            " ~/.config. Only an absolute path counts.",
                        ),
                        Definition(
                            "XDG_CACHE_HOME",
                            "Where shell completion remembers names for a moment, in place of"
                            " ~/.cache.",
                        ),
                    )
                ),
            ),
        ),
        Section(
            "Only for authctl serve",
            (
                Definitions(
                    (
                        Definition(
                            "MLFLOW_FLASK_SERVER_SECRET_KEY",
                            "A long random text that signs sign-up forms, the same for all servers"
                            " of one database. Without it, a key is made once and kept beside an"
                            " SQLite database.",
                        ),
                        Definition(
                            "AUTHCTL_UPSTREAM_USERNAME, AUTHCTL_UPSTREAM_PASSWORD",
                            "How the server signs in to what stands before an MLflow elsewhere"
                            " (--upstream).",
                        ),
                        Definition("AUTHCTL_UPSTREAM_TOKEN", "Instead of them, a bearer token."),
                        Definition(
                            "AUTHCTL_UPSTREAM_CA_CERT, AUTHCTL_UPSTREAM_CLIENT_CERT",
                            "PEM files: the authorities to trust there, and a certificate with its"
                            " key to show.",
                        ),
                        Definition(
                            "MLFLOW_AUTH_ADMIN_USERNAME, MLFLOW_AUTH_ADMIN_PASSWORD",
                            "The first admin, made if there is no user yet.",
                        ),
                        Definition(
                            "MLFLOW_SERVER_ALLOWED_HOSTS",
                            "The host names it answers to; left out, localhost and private"
                            " addresses.",
                        ),
                        Definition(
                            "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
                            "The web pages that may change things, besides its own.",
                        ),
                        Definition(
                            "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
                            "true: check neither hosts nor pages.",
                        ),
                        Definition(
                            "MLFLOW_BACKEND_STORE_URI, MLFLOW_ARTIFACTS_DESTINATION",
                            "Where MLflow keeps runs and artifacts, as the options of that name.",
                        ),
                        Definition(
                            "MLFLOW_ENABLE_WORKSPACES",
                            "authctl serve does not start if this is true: workspaces are not"
                            " supported.",
                        ),
                    )
                ),
            ),
        ),
    ),
)
