# Asks the monitors of one cluster, for as long as its input is open: a line of JSON for each question and for each
# answer. `ceph` itself starts anew for each question, which takes it a second or two.
import json
import os
import sys
import threading

import rados

conf, name, keyring, patience = sys.argv[1:5]
settings = {"client_mount_timeout": patience, "rados_mon_op_timeout": patience}
if keyring:
    settings["keyring"] = keyring
speaking = threading.Lock()


def say(number, code, out, why):
    line = json.dumps({"id": number, "code": code, "out": out, "why": why})
    with speaking:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def answer(cluster, question):
    try:
        code, out, why = cluster.mon_command(json.dumps(question["command"]), b"")
        say(question["id"], abs(code), out.decode("utf-8", "replace"), why)
    except Exception as error:  # whatever it is, somebody waits for a word
        say(question["id"], abs(getattr(error, "errno", None) or 110), "", str(error))


def main():
    cluster = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if cluster is None:
                cluster = rados.Rados(name=name, conffile=conf, conf=settings)
                cluster.connect()
        except Exception as error:
            cluster = None
            say(question["id"], abs(getattr(error, "errno", None) or 110), "", str(error))
            continue
        threading.Thread(target=answer, args=(cluster, question), daemon=True).start()
    os._exit(0)  # whoever still waits for a monitor waits for nobody


main()
