r"""The hook daemon: answers the hooks of all registries of one user, with everything loaded.

The same code judges here and in the cold hook: ``gitreg.hook_work.run``. Here it runs in a worker,
a process forked from the daemon that judges one push at a time: so a deadline holds even inside
libgit2, and a push that brings its worker down brings down nothing else. Each push opens the
repository anew, and so sees settings, permissions and refs as they are. Objects in quarantine are
read as an alternate and never written. When gitreg is installed anew the daemon ends.

Without a daemon the process of the cold pre-receive stays, once it let a push in, and is a daemon
for the post-receive of that one push (``staying``), which need not load everything a second time.

What is said. A message is a netstring (``8:cold\0why,``) of fields parted by NUL bytes, so that
half a message is none. The client is ``hooks/ask``.

    client  gitreg 1, HOOK, GIT_DIR, GIT_QUARANTINE_PATH, GIT_OBJECT_DIRECTORY,
            GIT_ALTERNATE_OBJECT_DIRECTORIES, and for each variable of gitreg.identity NAME=VALUE,
            or NAME if it is not set; as a second message what Git told the hook
    daemon  verdict, 0 or 1, TEXT         0 lets the push in, and nothing else does
        or  cold, REASON                  the client runs the cold hook, which judges as well

Who is trusted. The socket is its owner's alone (0600), and each end asks the kernel who the other
is (SO_PEERCRED): the daemon answers processes of its own user, the client believes its own user or
root, for whom systemd listens. A process of that user could run the cold hook in any environment
it likes; so whom it says to be counts here as much as there, and it learns nothing that it could
not read. The repository must be that user's too, and the quarantine must lie in it: whoever owns
another registry needs a daemon of his own, and a daemon of root serves root's alone.

For systemd, with ``User=`` the one who owns the registries:

    # gitreg-hook.socket                    # gitreg-hook.service
    [Socket]                                [Service]
    ListenStream=/run/gitreg/hook.sock      User=git
    SocketUser=git                          UMask=0077
    SocketMode=0600                         ExecStart=/opt/gitreg/bin/gitreg hook serve
    [Install]                               KillMode=mixed
    WantedBy=sockets.target
"""

from gitreg.hook_server.daemon import LIMIT, serve
from gitreg.hook_server.listening import default_socket

__all__ = ["LIMIT", "default_socket", "serve"]
