# SPDX-License-Identifier: BSD-3-Clause
# softrealm.fish - completion for fish: the command itself knows its options
function __softrealm_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l typed $words[-1]
    set -l before (string match -r '^--[^=]*=' -- $typed)
    for line in ($words[1] complete $words[2..] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -r '^--[^=]*=' '' -- $typed) | string replace -r '^' -- "$before"
            case :dirs
                __fish_complete_directories (string replace -r '^--[^=]*=' '' -- $typed) | string replace -r '^' -- "$before"
            case '*'
                echo "$before$line"
        end
    end
end
complete -c softrealm -f -a '(__softrealm_complete)'
