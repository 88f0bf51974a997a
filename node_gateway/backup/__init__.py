"""Backups: one encrypted file with everything that a gateway is made of.

`contents` says what belongs to it, `copying` copies the database while the gateway runs, `packing`
is the file's form, `creating` and `restoring` are what the commands do. The file is an age file
(age-encryption.org/v1) around a zstd-compressed tar, so that it opens without this program, too.
"""
