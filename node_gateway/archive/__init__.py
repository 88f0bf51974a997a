"""What a participant leaves behind when it goes: an archive that another party can serve.

One SQLite file, `sealtrail/archive/v1`: the public entry lists as they are, and the public answer
about each code, sealed under a key that only the code gives. Whoever hosts it answers for those
who hold a code, and cannot list what is in it.
"""
