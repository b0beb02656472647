# SPDX-License-Identifier: BSD-3-Clause
# softrealm.bash - completion for bash: the command itself knows its options
_softrealm()
{
	local words candidate line=${COMP_LINE:0:COMP_POINT}

	read -ra words <<<"$line"
	[ "${line: -1}" != ' ' ] || words+=('')
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		case $candidate in
		:files) compopt -o default ;;
		:dirs) compopt -o dirnames ;;
		*) COMPREPLY+=("$candidate") ;;
		esac
	done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
}
complete -F _softrealm softrealm
