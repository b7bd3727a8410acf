"""The pure centre of the house: values, decisions and protocols. Nothing here waits, reads a disk or opens a socket."""
