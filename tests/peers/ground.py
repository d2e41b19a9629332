"""The registry that every transport's tests start from, and what a refusal on it says."""

from support import MODEL, version
from world import World

PEOPLE = """\
/            read               @everyone
fraud-*      edit               bob
fraud-*      manage-production  carol
"""
USERS = ("root", "alice", "bob", "carol")
FOLDER = "models/fraud-detector"
FILES = {
    "PERMISSIONS": f"/ manage root\n{PEOPLE}",
    f"{FOLDER}/model.yaml": MODEL,
    f"{FOLDER}/versions/1.yaml": version(),
    f"{FOLDER}/versions/2.yaml": version(),
    f"{FOLDER}/versions/3.yaml": version(),
}
DESCRIBED = 'gitreg: fraud-detector: description set to "Scores card payments." by bob'
APPROVED = (
    "gitreg: fraud-detector/2 None -> Production by carol, approves bob's request for Production"
)
DROP = "gitreg: nothing was changed; `git reset --keep origin/main` drops the commit"


def ground(world: World) -> World:
    """Settle a model with three versions, and who may do what with them."""
    world.settle(FILES)
    return world


def refusal(commit: str) -> tuple[str, ...]:
    """Give what bob is told, who may edit, when he moves version 1 to Production."""
    return (
        f"gitreg: refused {commit[:7]} by bob",
        f"  access  {FOLDER}/versions/1.yaml",
        "    fraud-detector/1: None -> Production needs manage-production; bob has edit",
        "    who can: carol, root",
        "    hint: gitreg request create fraud-detector/1 Production",
        DROP,
    )
