"""The table of sizes against the functions: each is deployed once, and has the time that its work may take."""

from showcase.routes import ENDPOINTS, entry_point_name

from ops.deploy.sizes import LONGEST, SIZES, SLACK, impatient
from ops.variables import models_behind, variables_of


def defaults(path: str) -> dict[str, str]:
    return {
        variable.name: str(variable.model.model_fields[variable.name.lower()].default)
        for model in models_behind(path)
        for variable in variables_of(model)
    }


def test_each_endpoint_has_one_size_and_a_name_that_google_takes() -> None:
    assert set(SIZES) == set(ENDPOINTS)
    names = {f"showcase-production-{entry_point_name(path).replace('_', '-')}" for path in SIZES}
    assert len(names) == len(SIZES)
    assert all(len(name) <= 63 for name in names)


def test_each_has_the_time_that_its_work_may_take() -> None:
    for path, size in SIZES.items():
        works = defaults(path)
        if size.works:
            assert float(works[size.works]) + SLACK <= size.seconds, path
        assert size.seconds <= LONGEST


def test_a_setting_beyond_the_time_limit_is_named() -> None:
    assert impatient({"METRICS_RUN_SECONDS": "115"}) == [
        "METRICS_RUN_SECONDS: refreshSocialMetrics is given 120 s, of which 10 are for its answer"
    ]
    assert impatient({"METRICS_RUN_SECONDS": "110"}) == []
