#compdef authctl
# zsh completion for authctl; made by `authctl completion zsh`.
#
# Names that other people chose are among what is offered, so nothing here evaluates a word or takes
# it for a pattern.

_authctl() {
    local curcontext=$curcontext state line word command= skip= stray= ret=1
    local -i i last=1
    local -a authctl_words authctl_shared commands
    local -A opt_args

    authctl_words=("${(@Q)words[2,CURRENT-1]}")
    authctl_words=("${(@)authctl_words/#\~\//$HOME/}")
    authctl_shared=(
@shared@
    )

    # The command is found here, since the shared options may stand before, within and behind it.
    for (( i = 1; i <= $#authctl_words; i++ )); do
        word=$authctl_words[i]
        if [[ -n $skip ]]; then
            skip=
            continue
        fi
        case $word in
        --) return 1 ;;
@skipped@
        -*) continue ;;
        esac
        case "$command $word" in
@paths@
            command+=" $word"
            last=i+1
            ;;
        *)
            stray=$word
            break
            ;;
        esac
    done
    # What is behind the command must not be completed after --, wherever that stands.
    (( ${authctl_words[(Ie)--]} )) && return 1
    words=("$words[1]" "${(@)words[last+1,-1]}")
    (( CURRENT -= last - 1 ))

    case $command in
@commands@
    *) _arguments -s -S -C "${authctl_shared[@]}" && ret=0 ;;
    esac
    if [[ $state == command ]]; then
        case $command in
@summaries@
        esac
        _describe -t commands 'authctl command' commands && ret=0
    fi
    return ret
}

# Ask for the names that begin as the current word does, and take those that can be neither code,
# pattern nor option.
_authctl_names() {
    [[ $PREFIX == -* ]] && return 1
    local name
    local -a found safe expl
    found=("${(@f)$(
        command authctl __complete "$1" -- "${authctl_words[@]}" "${(Q)PREFIX}" </dev/null 2>/dev/null
    )}")
    () {
        local LC_ALL=C
        for name in "${found[@]}"; do
            [[ -n $name && $name != -* && $name != *[^A-Za-z0-9._@+-]* ]] && safe+=("$name")
        done
    }
    _wanted names expl "$1" compadd -a safe
}

# Offer words of which some, those that end in a colon, go on.
_authctl_words() {
    local -a expl whole open
    whole=("${(@)argv:#*:}")
    open=("${(@M)argv:#*:}")
    _wanted values expl value compadd -a whole
    _wanted values expl value compadd -S '' -a open
}

if [[ ${funcstack[1]} == _authctl ]]; then
    _authctl "$@"
elif (( ${+functions[compdef]} )); then
    compdef _authctl authctl
fi
