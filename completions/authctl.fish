# fish completion for authctl, for fish 3.2 and later; made by `authctl completion fish`.
#
# Names that other people chose are among what is offered, so nothing here evaluates a word or takes
# it for a pattern.

function __authctl_candidates
    set -l words
    set -l path ''
    set -l number 0
    set -l after ''
    set -l ended ''
    __authctl_walk
    set -l current (commandline -ct | string trim --left --chars "\"'")
    if test -n "$ended"
        return
    else if test -n "$after"
        __authctl_offer '' (__authctl_value "$path" $after)
    else if string match -q -- '--*=*' "$current"
        set -l option (string split --max 1 = -- $current)[1]
        set current (string replace -- "$option=" '' $current)
        __authctl_offer "$option=" (__authctl_value "$path" $option)
    else if string match -q -- '-*' "$current"
        for letter in (string match -r -- '^-[^-].*' $current | string sub --start 2 | string split '')
            set -l value (__authctl_value "$path" -$letter)
            if set -q value[1]
                set -l option (string match -r -- "^-[^$letter]*$letter" $current)
                set current (string replace -- $option '' $current)
                __authctl_offer $option $value
                return
            end
        end
        __authctl_options "$path"
    else if not __authctl_commands "$path"
        set -l value (__authctl_argument "$path" $number)
        if set -q value[1]
            __authctl_offer '' $value
        else if test -z "$current"
            __authctl_options "$path"
        end
    end
end

function __authctl_wants_files
    set -l words
    set -l path ''
    set -l number 0
    set -l after ''
    set -l ended ''
    __authctl_walk
    set -l current (commandline -ct)
    set -l value
    if test -n "$ended"
        return 1
    else if test -n "$after"
        set value (__authctl_value "$path" $after)
    else if string match -q -- '--*=*' "$current"
        set value (__authctl_value "$path" (string split --max 1 = -- $current)[1])
    else if not string match -q -- '-*' "$current"
        set value (__authctl_argument "$path" $number)
    end
    test "$value[1]" = files
end

# Find the command, how many arguments it has already, and an option that waits for its value; the
# variables are the caller's.
function __authctl_walk --no-scope-shadowing
    set words (commandline -opc)
    while set -q words[1]; and string match -q '*=*' -- $words[1]
        set -e words[1]
    end
    set -e words[1]
    set words (string replace -r -- '^~/' "$HOME/" $words)
    for word in $words
        if test -n "$after"
            set after ''
            continue
        end
        switch $word
            case --
                set ended yes
            case '--*=*'
            case '--*'
                if __authctl_value "$path" $word >/dev/null
                    set after $word
                end
            case '-*'
                set -l letters (string split '' -- (string sub --start 2 -- $word))
                while set -q letters[1]
                    if __authctl_value "$path" -$letters[1] >/dev/null
                        if not set -q letters[2]
                            set after -$letters[1]
                        end
                        break
                    end
                    set -e letters[1]
                end
            case '*'
                set -l names (__authctl_commands "$path" | string replace -r '\t.*' '')
                if not set -q names[1]
                    set number (math $number + 1)
                else if contains -- $word $names
                    set path (string trim -- "$path $word")
                else
                    set ended yes
                end
        end
    end
end

# Print what may be typed behind a prefix: `words` and the words, or `names` and what to ask for.
function __authctl_offer --no-scope-shadowing
    switch "$argv[2]"
        case words
            printf '%s\n' $argv[1]$argv[3..-1]
        case names
            for name in (command authctl __complete $argv[3] -- $words "$current" </dev/null 2>/dev/null)
                if string match -q -r '^[A-Za-z0-9._@+][A-Za-z0-9._@+-]*$' -- $name
                    printf '%s\n' $argv[1]$name
                end
            end
    end
end

# The commands of a group; fails where the path is a command already.
function __authctl_commands
    switch $argv[1]
        case ''
            printf '%s\t%s\n' \
                login 'Check a login with the server, and save it' \
                logout 'Remove the login that authctl login has saved' \
                whoami 'Show where commands go, and as whom' \
                context 'Name servers and databases, and choose among them' \
                user 'Create, list and delete users, and set their passwords' \
                admin 'List admins, promote and demote them' \
                perm 'Grant, revoke, list and check permissions' \
                role 'Make roles, say what they allow, and assign them to users' \
                token 'Make tokens for programs, list and revoke them (authctl serve)' \
                doctor 'Look at the whole set-up, and say what is wrong' \
                export 'Write all users, roles and grants as a manifest' \
                plan 'Show what would have to change to be as a manifest says' \
                apply 'Make users, roles and grants as a manifest says' \
                db 'Work on the auth database itself (with --db or --auth-config)' \
                serve 'Serve MLflow with authentication' \
                completion 'Print the script that makes a shell complete authctl' \
                help 'Show the help of a command, or a topic'
        case 'context'
            printf '%s\t%s\n' \
                list 'List all contexts and mark the current one' \
                show 'Show a context, or what is in use and where it is from' \
                use 'Make a context the current one' \
                set 'Make a context, or change its settings' \
                rename 'Give a context another name' \
                delete 'Forget contexts, with the logins saved in them'
        case 'user'
            printf '%s\t%s\n' \
                create 'Create a user' \
                list 'List all users' \
                show 'Show a user and their own grants' \
                delete 'Delete users and all that is their own' \
                passwd 'Set a password, your own or another user\'s' \
                export 'Write all users as CSV, which authctl user import reads' \
                import 'Create the users of a file' \
                verify 'Ask whether a password is a user\'s'
        case 'admin'
            printf '%s\t%s\n' \
                list 'List the admins' \
                promote 'Make users admins' \
                demote 'Make admins ordinary users'
        case 'perm'
            printf '%s\t%s\n' \
                grant 'Give users a level on resources, whatever level they had there' \
                revoke 'Take users\' own grants away, so that roles and the default decide' \
                show 'Show the level a user has on one resource, and their own grant there' \
                check 'Ask whether a user has a level' \
                list 'List users\' own grants' \
                explain 'Explain how a user\'s level on one resource comes about' \
                copy 'Give users the own grants of another, level for level' \
                prune 'Remove users\' own grants whose user or resource is gone'
        case 'role'
            printf '%s\t%s\n' \
                list 'List roles, and how many grants are in each' \
                show 'Show what a role allows, and who holds it' \
                create 'Create a role that allows nothing yet' \
                delete 'Delete roles' \
                grant 'Give roles a level on resources, whatever level they had there' \
                revoke 'Take grants out of roles' \
                assign 'Give a role to users' \
                unassign 'Take a role from users'
        case 'token'
            printf '%s\t%s\n' \
                create 'Make a token and print it, this once' \
                list 'List tokens' \
                revoke 'Revoke tokens: the next request with one of them is refused'
        case 'db'
            printf '%s\t%s\n' \
                init 'Make a fresh auth database, which MLflow 3.13 and later can open too' \
                status 'Show what the database is' \
                check 'Look for what is wrong, with a remedy each' \
                reset-admin 'Get in when nobody can' \
                leave 'Take authctl\'s own tables out again' \
                backup 'Copy the database into a file' \
                restore 'Make the auth database what a backup says, of whatever database that is' \
                upgrade 'Upgrade for MLflow 3.13 and later, and prove that no level changes'
        case 'help'
            printf '%s\t%s\n' \
                login 'Check a login with the server, and save it' \
                logout 'Remove the login that authctl login has saved' \
                whoami 'Show where commands go, and as whom' \
                context 'Name servers and databases, and choose among them' \
                user 'Create, list and delete users, and set their passwords' \
                admin 'List admins, promote and demote them' \
                perm 'Grant, revoke, list and check permissions' \
                role 'Make roles, say what they allow, and assign them to users' \
                token 'Make tokens for programs, list and revoke them (authctl serve)' \
                doctor 'Look at the whole set-up, and say what is wrong' \
                export 'Write all users, roles and grants as a manifest' \
                plan 'Show what would have to change to be as a manifest says' \
                apply 'Make users, roles and grants as a manifest says' \
                db 'Work on the auth database itself (with --db or --auth-config)' \
                serve 'Serve MLflow with authentication' \
                completion 'Print the script that makes a shell complete authctl' \
                environment 'The variables that authctl reads, and what comes first' \
                exit-codes 'What each exit code means' \
                formatting 'Tables, JSON, CSV and TSV' \
                manifests 'The file that export writes, and plan and apply read' \
                recovery 'Get in when nobody can log in'
        case 'help context'
            printf '%s\t%s\n' \
                list 'List all contexts and mark the current one' \
                show 'Show a context, or what is in use and where it is from' \
                use 'Make a context the current one' \
                set 'Make a context, or change its settings' \
                rename 'Give a context another name' \
                delete 'Forget contexts, with the logins saved in them'
        case 'help user'
            printf '%s\t%s\n' \
                create 'Create a user' \
                list 'List all users' \
                show 'Show a user and their own grants' \
                delete 'Delete users and all that is their own' \
                passwd 'Set a password, your own or another user\'s' \
                export 'Write all users as CSV, which authctl user import reads' \
                import 'Create the users of a file' \
                verify 'Ask whether a password is a user\'s'
        case 'help admin'
            printf '%s\t%s\n' \
                list 'List the admins' \
                promote 'Make users admins' \
                demote 'Make admins ordinary users'
        case 'help perm'
            printf '%s\t%s\n' \
                grant 'Give users a level on resources, whatever level they had there' \
                revoke 'Take users\' own grants away, so that roles and the default decide' \
                show 'Show the level a user has on one resource, and their own grant there' \
                check 'Ask whether a user has a level' \
                list 'List users\' own grants' \
                explain 'Explain how a user\'s level on one resource comes about' \
                copy 'Give users the own grants of another, level for level' \
                prune 'Remove users\' own grants whose user or resource is gone'
        case 'help role'
            printf '%s\t%s\n' \
                list 'List roles, and how many grants are in each' \
                show 'Show what a role allows, and who holds it' \
                create 'Create a role that allows nothing yet' \
                delete 'Delete roles' \
                grant 'Give roles a level on resources, whatever level they had there' \
                revoke 'Take grants out of roles' \
                assign 'Give a role to users' \
                unassign 'Take a role from users'
        case 'help token'
            printf '%s\t%s\n' \
                create 'Make a token and print it, this once' \
                list 'List tokens' \
                revoke 'Revoke tokens: the next request with one of them is refused'
        case 'help db'
            printf '%s\t%s\n' \
                init 'Make a fresh auth database, which MLflow 3.13 and later can open too' \
                status 'Show what the database is' \
                check 'Look for what is wrong, with a remedy each' \
                reset-admin 'Get in when nobody can' \
                leave 'Take authctl\'s own tables out again' \
                backup 'Copy the database into a file' \
                restore 'Make the auth database what a backup says, of whatever database that is' \
                upgrade 'Upgrade for MLflow 3.13 and later, and prove that no level changes'
        case '*'
            return 1
    end
end

function __authctl_options
    switch $argv[1]
        case ''
            printf '%s\t%s\n' \
                --version 'Show the version'
        case 'login'
            printf '%s\t%s\n' \
                --username 'Who signs in' \
                --password-stdin 'Read the password from standard input' \
                --password-file 'Read the password from a file' \
                --token-stdin 'Read a token from standard input' \
                --token-file 'Read a token from a file' \
                --no-interactive 'Ask nothing' \
                --keyring 'Keep it in the system\'s keyring, for a context' \
                --backend 'Whose server it is' \
                --profile 'The profile, of --backend databricks' \
                --dry-run 'Say what would change, and change nothing'
        case 'logout'
            printf '%s\t%s\n' \
                --backend 'Whose server it is' \
                --profile 'The profile, of --backend databricks' \
                --dry-run 'Say what would change, and change nothing'
        case 'whoami'
            printf '%s\t%s\n' \
                --verbose 'Say where each setting is from'
        case 'context use'
            printf '%s\t%s\n' \
                --dry-run 'Say what would change, and change nothing'
        case 'context set'
            printf '%s\t%s\n' \
                --username 'Who signs in to the server' \
                --unset 'Forget a setting, such as ca_cert' \
                --dry-run 'Say what would change, and change nothing'
        case 'context rename'
            printf '%s\t%s\n' \
                --dry-run 'Say what would change, and change nothing'
        case 'context delete'
            printf '%s\t%s\n' \
                --ignore-missing 'Let be what is not there' \
                --dry-run 'Say what would change, and change nothing'
        case 'user create'
            printf '%s\t%s\n' \
                --password-stdin 'Read the password from standard input' \
                --password-file 'Read the password from a file' \
                --generate 'Make a password up and print it, this once' \
                --admin 'Make the user an admin' \
                --no-password 'Make a service account, which has tokens only' \
                --if-not-exists 'Leave a user alone who exists already' \
                --dry-run 'Say what would change, and change nothing'
        case 'user delete'
            printf '%s\t%s\n' \
                --yes 'Do not ask for confirmation' \
                --force 'Do it even to yourself or to the last admin' \
                --dry-run 'Say what would change, and change nothing'
        case 'user passwd'
            printf '%s\t%s\n' \
                --password-stdin 'Read the password from standard input' \
                --password-file 'Read the password from a file' \
                --generate 'Make a password up and print it, this once' \
                --current-password-file 'Your present password, where a server asks for it and you sign in without it' \
                --dry-run 'Say what would change, and change nothing'
        case 'user import'
            printf '%s\t%s\n' \
                --format 'csv or toml' \
                --generate 'Make passwords up where the file has none, and print them, once' \
                --update-admins 'Promote and demote users who exist, as the file says' \
                --failed 'Keep the rows that failed or were not reached, to import them again' \
                --dry-run 'Say what would change, and change nothing'
        case 'user verify'
            printf '%s\t%s\n' \
                --password-stdin 'Read the password from standard input' \
                --password-file 'Read the password from a file'
        case 'admin promote'
            printf '%s\t%s\n' \
                --dry-run 'Say what would change, and change nothing'
        case 'admin demote'
            printf '%s\t%s\n' \
                --force 'Do it even to yourself or to the last admin' \
                --dry-run 'Say what would change, and change nothing'
        case 'perm grant'
            printf '%s\t%s\n' \
                --level 'READ, USE, EDIT or MANAGE' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id' \
                --dry-run 'Say what would change, and change nothing'
        case 'perm revoke'
            printf '%s\t%s\n' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id' \
                --ignore-missing 'Let it pass if there is no such grant' \
                --dry-run 'Say what would change, and change nothing'
        case 'perm show'
            printf '%s\t%s\n' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id'
        case 'perm check'
            printf '%s\t%s\n' \
                --level 'READ, USE, EDIT or MANAGE' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id'
        case 'perm list'
            printf '%s\t%s\n' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id' \
                --user 'Only this user\'s' \
                --effective 'Show the level that counts, by grant, role, default or being an admin' \
                --matrix 'Show the levels that count, users by resources'
        case 'perm explain'
            printf '%s\t%s\n' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id'
        case 'perm copy'
            printf '%s\t%s\n' \
                --from 'Whose own grants to copy' \
                --to 'Who gets them' \
                --dry-run 'Say what would change, and change nothing'
        case 'perm prune'
            printf '%s\t%s\n' \
                --yes 'Do not ask for confirmation' \
                --max-deletes 'Refuse to remove more than N' \
                --dry-run 'Say what would change, and change nothing'
        case 'role list'
            printf '%s\t%s\n' \
                --user 'Only those this user holds' \
                --all 'Show the roles of users\' own grants as well'
        case 'role create'
            printf '%s\t%s\n' \
                --description 'What it is for' \
                --if-not-exists 'Leave a role alone that exists already' \
                --dry-run 'Say what would change, and change nothing'
        case 'role delete'
            printf '%s\t%s\n' \
                --yes 'Do not ask for confirmation' \
                --ignore-missing 'Let it pass if there is no such role' \
                --dry-run 'Say what would change, and change nothing'
        case 'role grant'
            printf '%s\t%s\n' \
                --level 'READ, USE, EDIT or MANAGE' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id' \
                --dry-run 'Say what would change, and change nothing'
        case 'role revoke'
            printf '%s\t%s\n' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id' \
                --ignore-missing 'Let it pass if there is no such grant' \
                --dry-run 'Say what would change, and change nothing'
        case 'role assign'
            printf '%s\t%s\n' \
                --dry-run 'Say what would change, and change nothing'
        case 'role unassign'
            printf '%s\t%s\n' \
                --ignore-missing 'Let it pass if a user does not hold it' \
                --dry-run 'Say what would change, and change nothing'
        case 'token create'
            printf '%s\t%s\n' \
                --experiment 'An experiment by its name' \
                --experiment-id 'An experiment by its id' \
                --model 'A registered model' \
                --prompt 'A prompt' \
                --resource 'Anything by its type and its name or id' \
                --user 'For whom it acts' \
                --expires 'For how long: 90d, 12h, 1y' \
                --scope 'read lets it change nothing' \
                --if-not-exists 'Leave a token alone that exists already' \
                --dry-run 'Say what would change, and change nothing'
        case 'token list'
            printf '%s\t%s\n' \
                --user 'For whom it acts'
        case 'token revoke'
            printf '%s\t%s\n' \
                --user 'For whom it acts' \
                --ignore-missing 'Let it pass if there is no such token' \
                --dry-run 'Say what would change, and change nothing'
        case 'doctor'
            printf '%s\t%s\n' \
                --offline 'Look at this machine only'
        case 'export'
            printf '%s\t%s\n' \
                --out 'Write into this file, not to stdout'
        case 'plan'
            printf '%s\t%s\n' \
                --file 'The manifest' \
                --prune 'Remove what the manifest does not name, too' \
                --exit-code 'Exit 8 if there is anything to change' \
                --out 'Save the plan, for authctl apply PLAN'
        case 'apply'
            printf '%s\t%s\n' \
                --file 'The manifest' \
                --prune 'Remove what the manifest does not name, too' \
                --max-deletes 'Refuse to remove more things than this' \
                --parallel 'How many requests a server gets at a time' \
                --yes 'Do not ask for confirmation' \
                --force 'Do it even to yourself or to the last admin' \
                --dry-run 'Say what would change, and change nothing'
        case 'db init'
            printf '%s\t%s\n' \
                --dry-run 'Say what would change, and change nothing'
        case 'db check'
            printf '%s\t%s\n' \
                --all-passwords 'Look for well-known passwords among all users, not only admins' \
                --remove-orphans 'First delete rows of users and roles that are gone'
        case 'db reset-admin'
            printf '%s\t%s\n' \
                --password-stdin 'Read the password from standard input' \
                --password-file 'Read the password from a file' \
                --generate 'Make a password up and print it, this once' \
                --dry-run 'Say what would change, and change nothing'
        case 'db leave'
            printf '%s\t%s\n' \
                --yes 'Do not ask for confirmation' \
                --dry-run 'Say what would change, and change nothing'
        case 'db backup'
            printf '%s\t%s\n' \
                --force 'Write over a file that is there'
        case 'db restore'
            printf '%s\t%s\n' \
                --yes 'Do not ask for confirmation' \
                --force 'Drop tables that are in the way, even if not MLflow\'s' \
                --dry-run 'Say what would change, and change nothing'
        case 'db upgrade'
            printf '%s\t%s\n' \
                --backup 'Where the backup goes that is made before' \
                --no-backup 'Make no backup' \
                --tracking-db 'MLflow\'s own database, to tell prompts from models' \
                --without-workspaces 'Leave behind what users may do in workspaces' \
                --denials 'restore or forget the denials that MLflow\'s own upgrade dropped' \
                --yes 'Do not ask for confirmation' \
                --dry-run 'Say what would change, and change nothing'
        case 'serve'
            printf '%s\t%s\n' \
                --host 'The address to listen on' \
                --port 'The port to listen on' \
                --workers 'How many processes serve' \
                --backend-store-uri 'Where MLflow keeps runs and models' \
                --artifacts-destination 'Where MLflow keeps artifacts' \
                --auth-db 'The auth database, if not as --auth-config says' \
                --static-prefix 'What every path of the server begins with' \
                --upstream 'Stand in front of this MLflow, start none' \
                --check 'Start nothing: list what the policy and MLflow do not share'
    end
    printf '%s\t%s\n' \
        --server 'The MLflow server' \
        --db 'The auth database itself, such as sqlite:///basic_auth.db' \
        --auth-config 'MLflow\'s basic_auth.ini, which names the auth database' \
        --context 'Work in this context: see authctl context' \
        --timeout 'How long to wait for the server\'s answer' \
        --retries 'How often to repeat a request that may be repeated' \
        --ca-cert 'Trust the certificates in this file' \
        --client-cert 'Show this certificate, with its key, to the server' \
        --insecure 'Do not check the server\'s certificate' \
        --allow-http 'Send credentials without TLS to another machine' \
        --output 'table, tsv, csv, json or jsonl' \
        --fields 'Only these fields, in this order, named as in the JSON' \
        --quiet 'Only names, one a line' \
        --color 'auto, always or never' \
        --no-input 'Never ask' \
        --debug 'Show HTTP requests, secrets masked, and where an error arose' \
        --help 'Show help'
end

# What follows an option; fails for one that takes no value.
function __authctl_value
    switch $argv[2]
        case --server
            printf '%s\n' 'nothing'
        case --db
            printf '%s\n' 'nothing'
        case --auth-config
            printf '%s\n' 'files'
        case --context
            printf '%s\n' 'names' 'contexts'
        case --timeout
            printf '%s\n' 'nothing'
        case --retries
            printf '%s\n' 'nothing'
        case --ca-cert
            printf '%s\n' 'files'
        case --client-cert
            printf '%s\n' 'files'
        case --output -o
            printf '%s\n' 'words' 'table' 'tsv' 'csv' 'json' 'jsonl'
        case --fields
            printf '%s\n' 'nothing'
        case --color
            printf '%s\n' 'words' 'auto' 'always' 'never'
        case --username
            printf '%s\n' 'nothing'
        case --password-file
            printf '%s\n' 'files'
        case --token-file
            printf '%s\n' 'files'
        case --backend
            printf '%s\n' 'words' 'mlflow' 'databricks'
        case --profile
            printf '%s\n' 'nothing'
        case --unset
            printf '%s\n' 'words' 'server' 'db' 'auth_config' 'username' 'password' 'token' 'keyring' 'ca_cert' 'client_cert' 'insecure' 'allow_http' 'timeout' 'retries'
        case --current-password-file
            printf '%s\n' 'files'
        case --format
            printf '%s\n' 'words' 'csv' 'toml'
        case --failed
            printf '%s\n' 'files'
        case --level
            printf '%s\n' 'words' 'NO_PERMISSIONS' 'READ' 'USE' 'EDIT' 'MANAGE' 'DENY'
        case --experiment
            printf '%s\n' 'names' 'experiments'
        case --experiment-id
            printf '%s\n' 'names' 'experiment-ids'
        case --model
            printf '%s\n' 'names' 'models'
        case --prompt
            printf '%s\n' 'names' 'prompts'
        case --resource
            printf '%s\n' 'words' 'experiment:' 'registered_model:' 'prompt:' 'scorer:' 'gateway_secret:' 'gateway_endpoint:' 'gateway_model_definition:' 'mcp_server:' 'skill:' 'workspace:' 'run:' 'trace:' 'assessment:' 'logged_model:' 'review_queue:' 'registered_model_version:' 'prompt_version:' 'scorer_version:' 'mcp_server_version:'
        case --user
            printf '%s\n' 'names' 'users'
        case --from
            printf '%s\n' 'names' 'users'
        case --to
            printf '%s\n' 'names' 'users'
        case --max-deletes
            printf '%s\n' 'nothing'
        case --description
            printf '%s\n' 'nothing'
        case --expires
            printf '%s\n' 'words' 'auto' 'always' 'never'
        case --scope
            printf '%s\n' 'words' 'all' 'read'
        case --out
            printf '%s\n' 'files'
        case --file -f
            printf '%s\n' 'files'
        case --parallel
            printf '%s\n' 'nothing'
        case --backup
            printf '%s\n' 'files'
        case --tracking-db
            printf '%s\n' 'nothing'
        case --denials
            printf '%s\n' 'words' 'restore' 'forget'
        case --host
            printf '%s\n' 'nothing'
        case --port
            printf '%s\n' 'nothing'
        case --workers
            printf '%s\n' 'nothing'
        case --backend-store-uri
            printf '%s\n' 'nothing'
        case --artifacts-destination
            printf '%s\n' 'nothing'
        case --auth-db
            printf '%s\n' 'nothing'
        case --static-prefix
            printf '%s\n' 'nothing'
        case --upstream
            printf '%s\n' 'nothing'
        case '*'
            __authctl_own_value $argv
    end
end

function __authctl_own_value
    switch "$argv[1]:$argv[2]"
        case '*'
            return 1
    end
end

# What the next argument may be.
function __authctl_argument
    switch "$argv[1]:$argv[2]"
        case 'context show:0'
            printf '%s\n' 'names' 'contexts'
        case 'context use:0'
            printf '%s\n' 'names' 'contexts'
        case 'context set:0'
            printf '%s\n' 'names' 'contexts'
        case 'context rename:0'
            printf '%s\n' 'names' 'contexts'
        case 'context rename:1'
            printf '%s\n' 'nothing'
        case 'context delete:*'
            printf '%s\n' 'names' 'contexts'
        case 'user create:0'
            printf '%s\n' 'nothing'
        case 'user show:0'
            printf '%s\n' 'names' 'users'
        case 'user delete:*'
            printf '%s\n' 'names' 'users'
        case 'user passwd:0'
            printf '%s\n' 'names' 'users'
        case 'user import:0'
            printf '%s\n' 'files'
        case 'user verify:0'
            printf '%s\n' 'names' 'users'
        case 'admin promote:*'
            printf '%s\n' 'names' 'users'
        case 'admin demote:*'
            printf '%s\n' 'names' 'users'
        case 'perm grant:*'
            printf '%s\n' 'names' 'users'
        case 'perm revoke:*'
            printf '%s\n' 'names' 'users'
        case 'perm show:0'
            printf '%s\n' 'names' 'users'
        case 'perm check:0'
            printf '%s\n' 'names' 'users'
        case 'perm explain:0'
            printf '%s\n' 'names' 'users'
        case 'role show:0'
            printf '%s\n' 'names' 'roles'
        case 'role create:0'
            printf '%s\n' 'nothing'
        case 'role delete:*'
            printf '%s\n' 'names' 'roles'
        case 'role grant:*'
            printf '%s\n' 'names' 'roles'
        case 'role revoke:*'
            printf '%s\n' 'names' 'roles'
        case 'role assign:0'
            printf '%s\n' 'names' 'roles'
        case 'role assign:*'
            printf '%s\n' 'names' 'users'
        case 'role unassign:0'
            printf '%s\n' 'names' 'roles'
        case 'role unassign:*'
            printf '%s\n' 'names' 'users'
        case 'token create:0'
            printf '%s\n' 'nothing'
        case 'token revoke:*'
            printf '%s\n' 'names' 'tokens'
        case 'apply:0'
            printf '%s\n' 'files'
        case 'db reset-admin:0'
            printf '%s\n' 'nothing'
        case 'db backup:0'
            printf '%s\n' 'files'
        case 'db restore:0'
            printf '%s\n' 'files'
        case 'serve:*'
            printf '%s\n' 'nothing'
        case 'completion:0'
            printf '%s\n' 'words' 'bash' 'zsh' 'fish'
    end
end

complete -c authctl -f -a '(__authctl_candidates)'
complete -c authctl -n __authctl_wants_files -F
