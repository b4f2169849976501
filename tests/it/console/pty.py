"""Runs a program on a terminal of its own: `pty.py COLUMNS ROWS PROGRAM ARGUMENT...`.

What the program writes to its terminal goes to stdout, as it is. Each line of stdin is a command: `keys HEX` types keys, and
`size COLUMNS ROWS` changes the size of the terminal. At the end of stdin, the terminal is gone. The exit code is the program's.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


columns, rows, *program = sys.argv[1:]
ready, begin = os.pipe()
child, terminal = pty.fork()
if child == 0:
    # The terminal has its size before the program begins.
    os.close(begin)
    os.read(ready, 1)
    os.close(ready)
    os.execv(program[0], program)
resize(terminal, columns, rows)
os.close(ready)
os.close(begin)
inputs, commands = [terminal, 0], b""
while terminal in inputs:
    readable, _, _ = select.select(inputs, [], [])
    if terminal in readable:
        try:
            output = os.read(terminal, 65536)
        except OSError:  # The program has ended.
            output = b""
        if not output:
            break
        os.write(1, output)
    if 0 in readable:
        read = os.read(0, 65536)
        if not read:
            break
        *lines, commands = (commands + read).split(b"\n")
        for line in lines:
            word, *values = line.decode().split()
            if word == "keys":
                os.write(terminal, bytes.fromhex(values[0]))
            else:
                resize(terminal, *values)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
