# bash completion for authctl, for bash 4 and later; made by `authctl completion bash`.
#
# Names that other people chose are among what is offered, so nothing here evaluates a word or takes
# it for a pattern.

_authctl() {
    local IFS=$' \t\n' path= after= ended= quote= prefix= kind= source= word option
    local -i number=0 begin=0
    local -a words=() choices=()
    COMPREPLY=()
    _authctl_split
    local current=${words[${#words[@]} - 1]}
    _authctl_walk
    [[ $ended ]] && return
    if [[ $current == [\"\']* ]]; then
        quote=${current:0:1}
        current=${current:1}
    fi
    if [[ $after ]]; then
        _authctl_value "$after"
    elif [[ $current == --*=* ]]; then
        prefix=${current%%=*}
        _authctl_value "$prefix" || return
        prefix+==
    elif _authctl_attached; then
        prefix=${current:0:begin}
    elif [[ $current == -* ]]; then
        _authctl_options
    elif _authctl_commands; then
        kind=words
    else
        _authctl_argument
        [[ $kind || $current ]] || _authctl_options
    fi
    _authctl_offer
}

# Join again what bash split at = : and @, and leave out what is behind the cursor.
_authctl_split() {
    local line=${COMP_LINE:0:COMP_POINT} blank piece
    local -i i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blank=${line%%[! $'\t\n']*}
        line=${line#"$blank"}
        piece=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && piece=$line
        line=${line#"$piece"}
        if [[ $blank ]] || ((i == 0)); then
            words+=("$piece")
        else
            words[${#words[@]} - 1]+=$piece
        fi
    done
}

# Find the command, how many arguments it has already, and an option that waits for its value.
_authctl_walk() {
    local -i i j
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        word=${words[i]//[\"\'\\]/}
        [[ $word == '~/'* ]] && word=$HOME/${word:2}
        words[i]=$word
        if [[ $after ]]; then
            after=
            continue
        fi
        case $word in
        --) ended=yes ;;
        --*=*) ;;
        --*) _authctl_value "$word" && after=$word ;;
        -?*)
            for ((j = 1; j < ${#word}; j++)); do
                if _authctl_value "-${word:j:1}"; then
                    ((j == ${#word} - 1)) && after=-${word:j:1}
                    break
                fi
            done
            ;;
        *)
            if ! _authctl_commands; then
                number+=1
            elif _authctl_is_choice "$word"; then
                path+=${path:+ }$word
            else
                ended=yes
            fi
            ;;
        esac
    done
    kind= source= choices=()
}

# Whether the current word is short options of which one has its value attached, as in -ojson;
# `begin` is then where the value begins.
_authctl_attached() {
    [[ $current == -[!-]* ]] || return
    local -i i
    for ((i = 1; i < ${#current}; i++)); do
        if _authctl_value "-${current:i:1}"; then
            begin=i+1
            return
        fi
    done
    return 1
}

_authctl_is_choice() {
    local choice
    for choice in "${choices[@]}"; do
        [[ $1 == "$choice" ]] && return
    done
    return 1
}

# Fill COMPREPLY with what begins as the current word does.
_authctl_offer() {
    local base=$current choice
    case $kind in
    files)
        compopt -o default
        return
        ;;
    names) _authctl_names "${current#"$prefix"}" ;;
    words) ;;
    *) return ;;
    esac
    # What readline replaces begins behind the last character at which it splits.
    while [[ $base && ($quote || $COMP_WORDBREAKS != *"${base: -1}"*) ]]; do
        base=${base%?}
    done
    base=${base%@} # where readline splits at @, the @ stands with what follows
    for choice in "${choices[@]}"; do
        choice=$prefix$choice
        [[ $choice == "$current"* ]] && COMPREPLY+=("${choice#"$base"}")
    done
    [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace
    return 0
}

# Ask for the names that begin so, and take those that can be neither code, pattern nor option.
_authctl_names() {
    local name
    local -a found=()
    mapfile -t found < <(
        command authctl __complete "$source" -- "${words[@]:1:${#words[@]} - 2}" "$1" \
            </dev/null 2>/dev/null
    )
    local LC_ALL=C
    choices=()
    for name in "${found[@]}"; do
        [[ $name && $name != -* && $name != *[!A-Za-z0-9._@+-]* ]] && choices+=("$name")
    done
}

# The commands of a group; fails where the path is a command already.
_authctl_commands() {
    case $path in
    '') choices=(login logout whoami context user admin perm role token doctor export plan apply db serve completion help) ;;
    'context') choices=(list show use set rename delete) ;;
    'user') choices=(create list show delete passwd export import verify) ;;
    'admin') choices=(list promote demote) ;;
    'perm') choices=(grant revoke show check list explain copy prune) ;;
    'role') choices=(list show create delete grant revoke assign unassign) ;;
    'token') choices=(create list revoke) ;;
    'db') choices=(init status check reset-admin leave backup restore upgrade) ;;
    'help') choices=(login logout whoami context user admin perm role token doctor export plan apply db serve completion environment exit-codes formatting manifests recovery) ;;
    'help context') choices=(list show use set rename delete) ;;
    'help user') choices=(create list show delete passwd export import verify) ;;
    'help admin') choices=(list promote demote) ;;
    'help perm') choices=(grant revoke show check list explain copy prune) ;;
    'help role') choices=(list show create delete grant revoke assign unassign) ;;
    'help token') choices=(create list revoke) ;;
    'help db') choices=(init status check reset-admin leave backup restore upgrade) ;;
    *) return 1 ;;
    esac
}

_authctl_options() {
    kind=words
    case $path in
    '') choices=(--version) ;;
    'login') choices=(--username --password-stdin --password-file --token-stdin --token-file --no-interactive --keyring --backend --profile --dry-run) ;;
    'logout') choices=(--backend --profile --dry-run) ;;
    'whoami') choices=(--verbose) ;;
    'context use') choices=(--dry-run) ;;
    'context set') choices=(--username --unset --dry-run) ;;
    'context rename') choices=(--dry-run) ;;
    'context delete') choices=(--ignore-missing --dry-run) ;;
    'user create') choices=(--password-stdin --password-file --generate --admin --no-password --if-not-exists --dry-run) ;;
    'user delete') choices=(--yes --force --dry-run) ;;
    'user passwd') choices=(--password-stdin --password-file --generate --current-password-file --dry-run) ;;
    'user import') choices=(--format --generate --update-admins --failed --dry-run) ;;
    'user verify') choices=(--password-stdin --password-file) ;;
    'admin promote') choices=(--dry-run) ;;
    'admin demote') choices=(--force --dry-run) ;;
    'perm grant') choices=(--level --experiment --experiment-id --model --prompt --resource --dry-run) ;;
    'perm revoke') choices=(--experiment --experiment-id --model --prompt --resource --ignore-missing --dry-run) ;;
    'perm show') choices=(--experiment --experiment-id --model --prompt --resource) ;;
    'perm check') choices=(--level --experiment --experiment-id --model --prompt --resource) ;;
    'perm list') choices=(--experiment --experiment-id --model --prompt --resource --user --effective --matrix) ;;
    'perm explain') choices=(--experiment --experiment-id --model --prompt --resource) ;;
    'perm copy') choices=(--from --to --dry-run) ;;
    'perm prune') choices=(--yes --max-deletes --dry-run) ;;
    'role list') choices=(--user --all) ;;
    'role create') choices=(--description --if-not-exists --dry-run) ;;
    'role delete') choices=(--yes --ignore-missing --dry-run) ;;
    'role grant') choices=(--level --experiment --experiment-id --model --prompt --resource --dry-run) ;;
    'role revoke') choices=(--experiment --experiment-id --model --prompt --resource --ignore-missing --dry-run) ;;
    'role assign') choices=(--dry-run) ;;
    'role unassign') choices=(--ignore-missing --dry-run) ;;
    'token create') choices=(--experiment --experiment-id --model --prompt --resource --user --expires --scope --if-not-exists --dry-run) ;;
    'token list') choices=(--user) ;;
    'token revoke') choices=(--user --ignore-missing --dry-run) ;;
    'doctor') choices=(--offline) ;;
    'export') choices=(--out) ;;
    'plan') choices=(--file --prune --exit-code --out) ;;
    'apply') choices=(--file --prune --max-deletes --parallel --yes --force --dry-run) ;;
    'db init') choices=(--dry-run) ;;
    'db check') choices=(--all-passwords --remove-orphans) ;;
    'db reset-admin') choices=(--password-stdin --password-file --generate --dry-run) ;;
    'db leave') choices=(--yes --dry-run) ;;
    'db backup') choices=(--force) ;;
    'db restore') choices=(--yes --force --dry-run) ;;
    'db upgrade') choices=(--backup --no-backup --tracking-db --without-workspaces --denials --yes --dry-run) ;;
    'serve') choices=(--host --port --workers --backend-store-uri --artifacts-destination --auth-db --static-prefix --upstream --check) ;;
    *) choices=() ;;
    esac
    choices+=(--server --db --auth-config --context --timeout --retries --ca-cert --client-cert --insecure --allow-http --output --fields --quiet --color --no-input --debug --help)
}

# What follows an option; fails for one that takes no value.
_authctl_value() {
    kind=
    case $1 in
    --server) kind=nothing ;;
    --db) kind=nothing ;;
    --auth-config) kind=files ;;
    --context) kind=names source=contexts ;;
    --timeout) kind=nothing ;;
    --retries) kind=nothing ;;
    --ca-cert) kind=files ;;
    --client-cert) kind=files ;;
    --output | -o) kind=words choices=(table tsv csv json jsonl) ;;
    --fields) kind=nothing ;;
    --color) kind=words choices=(auto always never) ;;
    --username) kind=nothing ;;
    --password-file) kind=files ;;
    --token-file) kind=files ;;
    --backend) kind=words choices=(mlflow databricks) ;;
    --profile) kind=nothing ;;
    --unset) kind=words choices=(server db auth_config username password token keyring ca_cert client_cert insecure allow_http timeout retries) ;;
    --current-password-file) kind=files ;;
    --format) kind=words choices=(csv toml) ;;
    --failed) kind=files ;;
    --level) kind=words choices=(NO_PERMISSIONS READ USE EDIT MANAGE DENY) ;;
    --experiment) kind=names source=experiments ;;
    --experiment-id) kind=names source=experiment-ids ;;
    --model) kind=names source=models ;;
    --prompt) kind=names source=prompts ;;
    --resource) kind=words choices=(experiment: registered_model: prompt: scorer: gateway_secret: gateway_endpoint: gateway_model_definition: mcp_server: skill: workspace: run: trace: assessment: logged_model: review_queue: registered_model_version: prompt_version: scorer_version: mcp_server_version:) ;;
    --user) kind=names source=users ;;
    --from) kind=names source=users ;;
    --to) kind=names source=users ;;
    --max-deletes) kind=nothing ;;
    --description) kind=nothing ;;
    --expires) kind=words choices=(auto always never) ;;
    --scope) kind=words choices=(all read) ;;
    --out) kind=files ;;
    --file | -f) kind=files ;;
    --parallel) kind=nothing ;;
    --backup) kind=files ;;
    --tracking-db) kind=nothing ;;
    --denials) kind=words choices=(restore forget) ;;
    --host) kind=nothing ;;
    --port) kind=nothing ;;
    --workers) kind=nothing ;;
    --backend-store-uri) kind=nothing ;;
    --artifacts-destination) kind=nothing ;;
    --auth-db) kind=nothing ;;
    --static-prefix) kind=nothing ;;
    --upstream) kind=nothing ;;
    *)
        case "$path $1" in
        esac
        ;;
    esac
    [[ $kind ]]
}

# What the next argument may be.
_authctl_argument() {
    case "$path $number" in
    'context show '0) kind=names source=contexts ;;
    'context use '0) kind=names source=contexts ;;
    'context set '0) kind=names source=contexts ;;
    'context rename '0) kind=names source=contexts ;;
    'context rename '1) kind=nothing ;;
    'context delete '*) kind=names source=contexts ;;
    'user create '0) kind=nothing ;;
    'user show '0) kind=names source=users ;;
    'user delete '*) kind=names source=users ;;
    'user passwd '0) kind=names source=users ;;
    'user import '0) kind=files ;;
    'user verify '0) kind=names source=users ;;
    'admin promote '*) kind=names source=users ;;
    'admin demote '*) kind=names source=users ;;
    'perm grant '*) kind=names source=users ;;
    'perm revoke '*) kind=names source=users ;;
    'perm show '0) kind=names source=users ;;
    'perm check '0) kind=names source=users ;;
    'perm explain '0) kind=names source=users ;;
    'role show '0) kind=names source=roles ;;
    'role create '0) kind=nothing ;;
    'role delete '*) kind=names source=roles ;;
    'role grant '*) kind=names source=roles ;;
    'role revoke '*) kind=names source=roles ;;
    'role assign '0) kind=names source=roles ;;
    'role assign '*) kind=names source=users ;;
    'role unassign '0) kind=names source=roles ;;
    'role unassign '*) kind=names source=users ;;
    'token create '0) kind=nothing ;;
    'token revoke '*) kind=names source=tokens ;;
    'apply '0) kind=files ;;
    'db reset-admin '0) kind=nothing ;;
    'db backup '0) kind=files ;;
    'db restore '0) kind=files ;;
    'serve '*) kind=nothing ;;
    'completion '0) kind=words choices=(bash zsh fish) ;;
    esac
}

complete -F _authctl authctl
