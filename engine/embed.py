#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# embed.py NAME IN OUT - write the bytes of IN as a C array called NAME.
import sys

name, src, dst = sys.argv[1:]
with open(src, 'rb') as f:
    data = f.read()
with open(dst, 'w') as f:
    f.write(f'static const unsigned char {name}[] = {{\n')
    for i in range(0, len(data), 16):
        f.write('\t' + ' '.join(f'{b},' for b in data[i:i + 16]) + '\n')
    f.write('};\n')
