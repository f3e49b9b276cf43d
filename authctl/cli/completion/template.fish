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
@commands@
        case '*'
            return 1
    end
end

function __authctl_options
    switch $argv[1]
@options@
    end
    printf '%s\t%s\n' \
@shared@
end

# What follows an option; fails for one that takes no value.
function __authctl_value
    switch $argv[2]
@values@
        case '*'
            __authctl_own_value $argv
    end
end

function __authctl_own_value
    switch "$argv[1]:$argv[2]"
@own_values@
        case '*'
            return 1
    end
end

# What the next argument may be.
function __authctl_argument
    switch "$argv[1]:$argv[2]"
@arguments@
    end
end

complete -c authctl -f -a '(__authctl_candidates)'
complete -c authctl -n __authctl_wants_files -F
