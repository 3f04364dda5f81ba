; A line's text is nowhere among the strings of the program's types.
; line_info: 0 bad
; rejected EINVAL: Invalid line_info[0].line_off or .file_name_off
    r0 = 0
    exit
