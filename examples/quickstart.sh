#!/usr/bin/env bash
# The main job of gitreg on real input, in about a minute: two models are trained, registered,
# requested for Production, approved and loaded, by four people with clones and git pushes.
# What it makes stays in examples/quickstart-run/ to be looked at; it can be run again.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
venv=$root/.venv-quickstart
run=$root/examples/quickstart-run
registry=$run/models.git

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
show() { printf '   $ %s\n' "$*"; "$@" 2>&1 | sed 's/^/   /; s/ *$//'; }
refused() {
    printf '   $ %s\n' "$*"
    if "$@" >"$run/output" 2>&1; then
        sed 's/^/   /' "$run/output"
        echo "this should have been refused" >&2
        exit 1
    fi
    sed 's/^/   /; s/ *$//' "$run/output"
}
as() { # as USER COMMAND...: in USER's clone; over ssh or http the server tells who pushes
    local user=$1
    shift
    (cd "$run/$user" && GITREG_ACTOR=$user "$@")
}

say "Setting up: a virtual environment in .venv-quickstart, with gitreg and scikit-learn"
if [ ! -x "$venv/bin/python" ]; then
    python=${PYTHON:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        { echo "gitreg needs Python 3.11 or newer; name one: PYTHON=python3.12 bash $0" >&2; exit 1; }
    "$python" -m venv "$venv"
fi
stamp=$(cat examples/requirements.txt | sha256sum)
if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement examples/requirements.txt
    echo "$stamp" >"$venv/stamp"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation --force-reinstall .
export PATH="$venv/bin:$PATH"
unset GIT_DIR GIT_WORK_TREE GITREG_REGISTRY GITREG_ACTOR
rm -rf "$run"
mkdir -p "$run"

say "1. Two real models are trained on scikit-learn's breast cancer data"
python examples/train.py "$run/trained"

say "2. admin makes the registry: a bare Git repository with gitreg's hooks"
show gitreg init "$registry" --admin admin --name acme-models
export GITREG_REGISTRY=$registry
for user in admin alice bob carol; do
    git clone --quiet "$registry" "$run/$user"
    git -C "$run/$user" config user.name "$user"
    git -C "$run/$user" config user.email "$user@acme.example"
done

say "3. admin decides who may do what: whoever creates a model may edit it, carol leads"
sed -i.bak 's/creator: manage/creator: edit/' "$run/admin/registry.yaml"
rm "$run/admin/registry.yaml.bak"
echo "*  manage-production  carol" >>"$run/admin/PERMISSIONS"
as admin git commit --quiet --all --message "Creators edit, carol promotes"
show as admin git push --quiet origin main

say "4. alice registers a model: two files, a commit, a push"
as alice git pull --quiet
mkdir -p "$run/alice/models/breast-cancer/versions"
cat >"$run/alice/models/breast-cancer/model.yaml" <<YAML
apiVersion: gitreg/v1
kind: RegisteredModel
description: Tells malignant from benign tumours.
tags: {team: oncology}
YAML
echo "edit alice" >"$run/alice/models/breast-cancer/PERMISSIONS"
as alice git add models
as alice git commit --quiet --message "Register breast-cancer"
show as alice git push --quiet origin main

say "5. alice adds two versions: one by hand, one by a command that does the same"
cat >"$run/alice/models/breast-cancer/versions/1.yaml" <<YAML
apiVersion: gitreg/v1
kind: ModelVersion
stage: None
source: file://$run/trained/model-1.joblib
metrics: $(cat "$run/trained/model-1.json")
YAML
as alice git add models
as alice git commit --quiet --message "A shallow tree, the baseline"
show as alice git push --quiet origin main
show gitreg --as alice version create breast-cancer --no-code \
    --source "file://$run/trained/model-2.joblib" \
    --metric "auc=$(sed 's/[^0-9.]//g' "$run/trained/model-2.json")" \
    --message "A forest, better on the held-out rows"

say "6. carol, who may, puts the baseline into Production"
show gitreg --as carol transition breast-cancer/1 Production

say "7. bob, who may only read, tries to put version 2 there himself: refused"
as bob git pull --quiet
sed -i.bak 's/^stage: None/stage: Production/' "$run/bob/models/breast-cancer/versions/2.yaml"
rm "$run/bob/models/breast-cancer/versions/2.yaml.bak"
as bob git commit --quiet --all --message "The forest is better: it should serve"
refused as bob git push origin main

say "8. so bob asks: the same commit, pushed to a request branch"
show as bob git push --quiet origin HEAD:refs/heads/requests/breast-cancer/2/Production/bob
as bob git reset --quiet --hard origin/main
show gitreg --as carol request list

say "9. carol approves, the version before goes to Archived, and the branch is merged"
show gitreg --as carol request approve breast-cancer/2 Production \
    --archive-existing --message "Compared both, agreed."
as carol git pull --quiet
show as carol git log --graph --oneline -4

say "10. alice mistypes a key in a manifest: refused, with the line"
as alice git pull --quiet
echo "descripton: A forest of 200 trees." >>"$run/alice/models/breast-cancer/versions/2.yaml"
as alice git commit --quiet --all --message "Describe version 2"
refused as alice git push origin main
as alice git reset --quiet --hard origin/main

say "11. bob forges a commit in carol's name: refused"
as bob git pull --quiet
sed -i.bak 's/^stage: Archived/stage: Production/' "$run/bob/models/breast-cancer/versions/1.yaml"
rm "$run/bob/models/breast-cancer/versions/1.yaml.bak"
as bob git -c user.name=carol -c user.email=carol@acme.example commit --quiet --all --message "Back to the baseline"
refused as bob git push origin main
as bob git reset --quiet --hard origin/main

say "12. a scoring job asks for breast-cancer/Production, loads its file and scores"
python examples/score.py "$registry" breast-cancer

say "13. what happened, and the proof that all of it was allowed"
show gitreg log breast-cancer
show gitreg audit

printf '\nThe registry is %s. Look around:\n' "examples/quickstart-run/models.git"
echo "   export PATH=$venv/bin:\$PATH GITREG_REGISTRY=$registry"
echo "   gitreg model list; gitreg version list breast-cancer; gitreg permission list breast-cancer"
