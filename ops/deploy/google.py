"""Google Cloud: what is secret into Secret Manager, then the functions, as one service or one for each entry point."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from ops.deploy.sizes import SIZES, Size, together
from ops.deploy.steps import Command, Procedure, Runner, SecretStore, Step, StepError
from ops.variables import functions_models, is_secret, models_behind, variables_of

WHERE = ("--project={GOOGLE_CLOUD_PROJECT}", "--region={GOOGLE_CLOUD_REGION}", "--quiet")
PROJECT = ("--project={GOOGLE_CLOUD_PROJECT}", "--quiet")
ACCOUNT = "showcase-functions@{GOOGLE_CLOUD_PROJECT}.iam.gserviceaccount.com"
SERVICE = "showcase-{ENVIRONMENT}"


def secret_names(models: Sequence[type[BaseModel]], known: Iterable[str]) -> list[str]:
    return sorted(name for name in known if is_secret(name, models))


def store_secret(name: str) -> Procedure:
    """A new version, where the newest is another value."""
    kept = f"{SERVICE}-{name}"
    tells = (
        f"gcloud secrets create {kept} --replication-policy=automatic {' '.join(PROJECT)}  # where there is none",
        f'gcloud secrets versions add {kept} --data-file=- {" ".join(PROJECT)} <<< "${name}"  # where it changed',
    )
    return Procedure(f"Secret Manager: {name}", tells, (name, "GOOGLE_CLOUD_PROJECT"), lambda run: store(run, name))


def store(runner: Runner, name: str) -> None:
    kept = f"{SERVICE}-{name}"
    if not holds(runner, name):
        create = ("gcloud", "secrets", "create", kept, "--replication-policy=automatic", *PROJECT)
        Command("", create).run(runner)
    newest = ("gcloud", "secrets", "versions", "access", "latest", f"--secret={kept}", *PROJECT)
    if (found := runner.ask(Command("", newest))).returncode == 0 and found.stdout == runner.values[name]:
        runner.say("      unchanged")
        return
    Command("", ("gcloud", "secrets", "versions", "add", kept, "--data-file=-", *PROJECT), stdin=name).run(runner)


def holds(runner: Runner, name: str) -> bool:
    """Whether there is a secret of that name. Listed, since a failed `describe` could mean anything."""
    asked = ("gcloud", "secrets", "list", f"--filter=name~/{SERVICE}-{name}$", "--format=value(name)", *PROJECT)
    listed = runner.ask(Command("", asked))
    if listed.returncode:
        raise StepError(f"Secret Manager cannot be read: {runner.without_secrets(listed.stderr.strip())}")
    return bool(listed.stdout.strip())


SIGNING_SECRETS = SecretStore("Secret Manager", holds, store)


def service(values: Mapping[str, str], known: Iterable[str]) -> list[Step]:
    """All functions in one container; Google Cloud says where it is."""
    source = ("--image={FUNCTIONS_IMAGE}",) if values.get("FUNCTIONS_IMAGE") else ("--source=functions",)
    models = functions_models()
    deploy = Command(
        "Cloud Run: all functions together",
        (
            *("gcloud", "run", "deploy", SERVICE, *source, *WHERE, f"--service-account={ACCOUNT}"),
            *_size(together(SIZES.values()), values),
            *(f"--timeout={together(SIZES.values()).seconds}", *_access(values)),
            *("--cpu-boost", "--env-vars-file={file}", *_secrets(models, known)),
        ),
        file=_plain(models, known),
    )
    # After a rollback it would stay where it was led to, whatever is deployed.
    lead = ("gcloud", "run", "services", "update-traffic", SERVICE, "--to-latest", *WHERE)
    steps: list[Step] = [deploy, Command("Cloud Run: the traffic to it", lead)]
    if values.get("FUNCTIONS_BACKEND_URL"):
        return steps
    asked = ("gcloud", "run", "services", "describe", SERVICE, *WHERE, "--format=value(status.url)")
    return [*steps, Command("Where it is", asked, keep="FUNCTIONS_BACKEND_URL")]


def functions(values: Mapping[str, str], known: Iterable[str]) -> list[Step]:
    """Each entry point by itself, with the variables that it reads and no others."""
    return [_function(path, size, values, known) for path, size in SIZES.items()]


def _function(path: str, size: Size, values: Mapping[str, str], known: Iterable[str]) -> Command:
    from showcase.routes import entry_point_name

    entry, models = entry_point_name(path), models_behind(path)
    return Command(
        f"Cloud Functions: {path}",
        (
            *("gcloud", "functions", "deploy", f"{SERVICE}-{entry.replace('_', '-')}", "--gen2", *WHERE),
            *("--runtime=python313", "--source=functions", f"--entry-point={entry}", "--trigger-http"),
            *(f"--run-service-account={ACCOUNT}", *_size(size, values), f"--timeout={size.seconds}s"),
            *_access(values),
            *("--env-vars-file={file}", *_secrets(models, known)),
        ),
        file=("FUNCTION_USE_ASGI", *_plain(models, known)),
    )


def _size(size: Size, values: Mapping[str, str]) -> tuple[str, ...]:
    least = size.least if values.get("ENVIRONMENT") == "production" else 0
    return (
        *(f"--memory={size.memory}Mi", "--cpu=1", f"--concurrency={size.concurrency}"),
        *(f"--min-instances={least}", f"--max-instances={size.most}"),
    )


def _access(values: Mapping[str, str]) -> tuple[str, ...]:
    """Google lets the forwarders alone in where they sign in to it; else the functions ask for their secret."""
    by_google = values.get("FUNCTIONS_BACKEND_AUTH") == "google"
    return ("--no-allow-unauthenticated" if by_google else "--allow-unauthenticated",)


def _secrets(models: Sequence[type[BaseModel]], known: Iterable[str]) -> tuple[str, ...]:
    pairs = ",".join(f"{name}={SERVICE}-{name}:latest" for name in secret_names(models, known))
    return (f"--set-secrets={pairs}",)


def _plain(models: Sequence[type[BaseModel]], known: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in known if _read(models, name) and not is_secret(name, models)))


def _read(models: Sequence[type[BaseModel]], name: str) -> bool:
    return any(variable.name == name for model in models for variable in variables_of(model))
