"""The same random calls to gitreg and to MLflow's SqlAlchemyStore: the same answers."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plugin.peers import Call, Peers

NAMES = ["fraud", "Fraud", "churn model", "é.lock", "50%_a", "-x"]
STAGES = ["None", "Staging", "production", "ARCHIVED", "Canary"]
KEYS = ["team", "a b", "mlflow.note", "k.1", "x/y"]
TEXTS = ["", "risk", "Risk 'n' co", "100%", "line\nbreak", "ünï", '"q"', "true"]
ALIASES = ["champion", "Champion", "b-1", "latest", "v1", "no way"]

names = st.sampled_from(["fraud"] * 6 + NAMES)
some_names = st.one_of(names, names, names, st.sampled_from(["", " ", "a/b", "a:b", ".."]))
numbers = st.one_of(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 4).map(str),
    st.sampled_from(["01", "1.0", "x", 0, -1]),
)
texts = st.sampled_from(TEXTS)
keys = st.one_of(st.sampled_from(KEYS), st.sampled_from(["", "a,b", "../x", None]))
tags = st.dictionaries(st.sampled_from(KEYS), texts, max_size=3)
aliases = st.sampled_from(ALIASES)
stages = st.sampled_from(STAGES)
runs = st.sampled_from([None, "r1", "r2"])
sources = st.one_of(
    st.sampled_from(["s3://ml/1", "runs:/r1/model", "file:///x"]),
    st.builds("models:/{}/{}".format, names, st.integers(1, 4)),
    st.sampled_from(
        ["models:/fraud@champion", "models:/fraud/Staging", "models:/", "models:/a/b/c"]
    ),
)


def call(
    name: str, *arguments: st.SearchStrategy[object], **named: object
) -> st.SearchStrategy[Call]:
    values = {key: one for key, one in named.items() if isinstance(one, st.SearchStrategy)}
    return st.tuples(st.just(name), st.tuples(*arguments), st.fixed_dictionaries(values))


quoted = texts.map(lambda text: "'" + text.replace("'", "") + "'")
tag_keys = st.sampled_from(
    ["team", "`a b`", "`mlflow.note`", "`k.1`", '"team"', "`mlflow.prompt.is_prompt`"]
)
compared = st.sampled_from(["=", "!=", "LIKE", "ilike", "<", "IN", "RLIKE"])
patterns = st.sampled_from(
    [
        "'fraud'",
        "'%a%'",
        "'F%'",
        "'_raud'",
        "'%\\n%'",
        "'[f]*'",
        "''",
        "'r1'",
        "'true'",
        "1",
        "('fraud', 'r1')",
    ]
)
clauses = st.one_of(
    st.builds(
        "{} {} {}".format, st.sampled_from(["name", "attribute.name", "`name`"]), compared, patterns
    ),
    st.builds(
        "{}.{} {} {}".format,
        st.sampled_from(["tags", "tag"]),
        tag_keys,
        compared,
        st.one_of(patterns, quoted),
    ),
    st.builds(
        "run_id {} {}".format, st.sampled_from(["=", "!=", "LIKE", "IN", "NOT IN"]), patterns
    ),
    st.builds(
        "source_path {} {}".format, compared, st.sampled_from(["'s3://ml/1'", "'%ml%'", "'S3%'"])
    ),
    st.builds(
        "version_number {} {}".format,
        st.sampled_from(["=", "!=", "<", ">=", "LIKE", "IN"]),
        st.sampled_from(["1", "'2'", "2.0", "'x'", "(1, 2)"]),
    ),
    st.sampled_from(["stage = 'Staging'", "name", "tags.a IS NOT", "name = fraud"]),
)
filters = st.one_of(
    st.none(),
    st.lists(clauses, min_size=1, max_size=3).map(" AND ".join),
    st.lists(clauses, min_size=2, max_size=2).map(" or ".join),
)
orders = st.one_of(
    st.none(),
    st.lists(
        st.sampled_from(
            [
                "name", "name DESC", "timestamp desc", "last_updated_timestamp ASC",
                "version_number", "creation_timestamp DESC", "name up", "stage",
                "version_number DESC",
            ]
        ),
        max_size=2,
    ),
)  # fmt: skip
sizes = st.sampled_from([1, 2, 100])

reads = st.one_of(
    call("get_registered_model", some_names),
    call("get_model_version", some_names, numbers),
    call("get_model_version_by_alias", some_names, aliases),
    call("get_model_version_download_uri", some_names, numbers),
    call("get_latest_versions", some_names, st.one_of(st.none(), st.lists(stages, max_size=2))),
    call("search_registered_models", filters, sizes, orders),
    call("search_model_versions", filters, sizes, orders),
)
creations = st.one_of(
    call("create_registered_model", some_names, tags, st.one_of(st.none(), texts)),
    call(
        "create_model_version", some_names, sources, runs, tags, st.sampled_from([None, "http://x"]),
        st.one_of(st.none(), texts),
    ),
)  # fmt: skip
changes = st.one_of(
    call("update_registered_model", some_names, st.one_of(st.none(), texts)),
    call("rename_registered_model", some_names, some_names),
    call("delete_registered_model", some_names),
    call("set_registered_model_tag", some_names, keys, texts),
    call("delete_registered_model_tag", some_names, keys),
    call("update_model_version", some_names, numbers, st.one_of(st.none(), texts)),
    call("transition_model_version_stage", some_names, numbers, stages, st.booleans()),
    call("delete_model_version", some_names, numbers),
    call("set_model_version_tag", some_names, numbers, keys, texts),
    call("delete_model_version_tag", some_names, numbers, keys),
    call("set_registered_model_alias", some_names, aliases, numbers),
    call("delete_registered_model_alias", some_names, aliases),
)
calls = st.lists(st.one_of(creations, creations, changes, changes, reads), min_size=8, max_size=40)
BEGIN: list[Call] = [
    ("create_registered_model", ("fraud", {"team": "risk"}, "Scores."), {}),
    ("create_registered_model", ("churn model",), {}),
    ("create_model_version", ("fraud", "s3://ml/1", "r1", {"team": "risk"}), {}),
    ("create_model_version", ("fraud", "s3://ml/2"), {}),
]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large
    ],
)  # fmt: skip
@given(made=calls)
def test_random_calls_are_answered_as_mlflow_answers_them(
    peers: Peers, as_alice: None, made: list[Call]
) -> None:
    peers.forget()
    for one in [*BEGIN, *made]:
        ours, theirs = peers.both(one)
        assert ours == theirs, one
    for name in ("search_registered_models", "search_model_versions"):
        ours, theirs = peers.both((name, (), {}))
        assert ours == theirs
