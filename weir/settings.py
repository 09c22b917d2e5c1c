"""All settings, each declared once. Flags override the environment, which overrides the file."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from weir.contracts.flag import Stage
from weir.contracts.label import is_report, is_weak
from weir.errors import SettingsError
from weir.topics import Names

Seconds = Annotated[float, Field(gt=0)]
DEFAULT_FILE = Path("weir.toml")
ENV_PREFIX = "WEIR_"
SWITCHES = frozenset({"WEIR_COMPILED"})
"""Variables that are read before the settings are loaded: see `streams/compiled/form.py`."""
Source = Literal["flag", "environment", "file", "default"]


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


# NoDecode: in the environment and in flags, values are separated by commas; pydantic would require JSON.
Several = (NoDecode, BeforeValidator(_split))


def _brokers(named: str) -> str:
    if not all(map(str.strip, named.split(","))):
        raise ValueError("name brokers as host:port,host:port")
    return named


def _people(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if is_weak(name) or is_report(name):
            raise ValueError(f"{name} is a source of weak labels or reports: name only sources of human labels")
        if "*" in name[:-1]:
            raise ValueError(f"{name} has a * before its end: write * only as the last character")
    return names


def _evidence(named: tuple[str, ...]) -> tuple[str, ...]:
    for one in named:
        pack, _, value = one.rpartition(":")
        if not pack or not re.fullmatch(r"0?\.\d+|[01]|1\.0+", value):
            raise ValueError(f"{one} is not of the form pack:evidence, such as injection:0.9")
    return named


class Settings(BaseSettings):
    """The settings of a deployment. A variable's name is `WEIR_` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        env_ignore_empty=True,
        # Settings are written into the state as JSON, which has no infinity: no later worker could read it.
        allow_inf_nan=False,
    )

    # The cluster.
    bootstrap_servers: Annotated[str, AfterValidator(_brokers)] = "127.0.0.1:29092"
    """Brokers, as `host:port,host:port`."""
    application_id: str = Field("weir", pattern=r"^[A-Za-z0-9._-]+$")
    """Prefix of consumer groups, transactional ids and state topics."""
    topic_prefix: str = Field("weir", pattern=r"^[A-Za-z0-9._-]+$")
    """Prefix of the public topics, so that several installations share a cluster."""
    # With another number, a visitor's next events would go to a partition that has none of the visitor's sessions.
    partitions: int = Field(4, ge=1, le=1024)
    """Partitions of the topics that are keyed by visitor; can't be changed once there are events."""
    replication_factor: int = Field(1, ge=1)
    """Replicas of each topic when Weir creates it."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Protocol of the connections to the brokers."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    """With SASL: the mechanism."""
    sasl_username: str | None = None
    """With SASL: the user's name."""
    sasl_password: SecretStr | None = None
    """With SASL: the password."""
    ssl_ca_file: Path | None = None
    """With SSL: certificates to trust; the system's unless given."""

    # The worker.
    web_host: str = "127.0.0.1"
    """Where `/metrics`, `/ready` and `/live` listen."""
    web_port: int = Field(6066, ge=0, le=65535)
    """Its port; two workers on one host need two."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level of the worker's log lines."""
    # Writing each changed session after every batch was half of the cost (docs/design.md).
    checkpoint_interval_s: float = Field(5.0, ge=0)
    """Time between two checkpoints, which write the changed sessions; 0: after every batch. Recovery replays the input
    after the newest checkpoint."""
    # A transaction costs the brokers and the worker the same for one record as for a thousand.
    commit_interval_s: float = Field(0.03, ge=0, le=10)
    """Least time between the beginnings of two transactions of a partition. A greater value costs less, and readers
    see records later."""
    transaction_timeout_s: Seconds = 10.0
    """Longest time for which a crashed worker's open transaction may hold up readers."""
    # A killed worker's partitions wait so long before their recovery can begin (docs/measures.md).
    session_timeout_s: Seconds = 10.0
    """Silence after which the group removes a worker."""
    recovery_timeout_s: Seconds = 300.0
    """If a recovery takes longer, the worker stops."""
    stall_timeout_s: Seconds = 120.0
    """If a worker with input makes no progress for this time, `/live` fails."""
    max_batch_records: int = Field(10_000, ge=1)
    """Most records of one partition between two flushes; fewer if their processing takes long."""
    # A bad deploy must not turn a whole topic into dead letters (docs/design.md).
    dead_letter_cap: float = Field(0.5, ge=0, le=1)
    """If the share of dead letters among a partition's newest records is greater, the worker stops; 1 is off."""
    # A window that isn't full counts as full of readable records: by default, 501 dead letters are the fewest that stop
    # a worker.
    dead_letter_window: int = Field(1_000, ge=1, le=100_000)
    """Number of newest records for that share."""

    # Tables: see the page for analysts.
    table_uri: str | None = None
    """Folder or object store of the tables that the stage `table` writes; the stage runs only if this is set."""
    table_commit_s: float = Field(30.0, gt=0, le=3_600)
    """Longest time that a row waits for its commit."""
    table_commit_rows: int = Field(100_000, ge=1, le=5_000_000)
    """Number of waiting rows that causes a commit."""
    table_compact_s: float = Field(3_600.0, gt=0)
    """Time between two compactions, which merge small files of the tables and remove old files."""
    table_keep_hours: int = Field(168, ge=1)
    """Time for which replaced files are kept, for readers of older versions."""

    # Time.
    gap_s: Seconds = 1_800.0
    """Events at most this far apart belong to one session."""
    # The clocks of workers and brokers must agree to within less than this (docs/guarantees.md).
    grace_s: float = Field(300.0, ge=0)
    """Time after a session's end for which late events still count."""
    # Otherwise only events raise the watermark: the last sessions of a silent partition would never close.
    idle_timeout_s: Seconds = 60.0
    """Silence after which a partition's owner advances its watermark by the elapsed time."""
    # The watermark is the greatest event time: without this bound, one wrong clock would close all sessions.
    max_ahead_s: float = Field(300.0, ge=0)
    """Events further ahead of their append time are clamped to it."""

    # Bounds.
    max_record_bytes: int = Field(1_000_000, ge=1_024)
    """Larger events become dead letters."""
    max_session_events: int = Field(10_000, ge=2)
    """Most events of a session; the next event opens a new session."""
    max_session_s: Seconds = 86_400.0
    """Greatest length of a session; an event that would exceed it opens a new session."""
    max_fingerprints: int = Field(20_000, ge=100)
    """Events remembered per visitor to detect duplicates."""

    # Files.
    trusted_proxies: Annotated[tuple[str, ...], *Several] = ()
    """The site's own proxies, as addresses or networks, whose forwarded addresses are accepted. Private addresses are
    always among them; `private` states that there are no others."""

    # The cascade.
    limits_file: Path | None = None
    """Budgets in YAML; the shipped ones unless given."""
    pack_files: Annotated[tuple[Path, ...], *Several] = ()
    """Packs of patterns in YAML, beside the shipped packs; a pack replaces the shipped one of the same name."""
    paranoia_level: int = Field(1, ge=1, le=4)
    """Level up to which patterns are in force, 1 to 4: a higher level finds more abuse and has more false positives."""
    business_rules_file: Path | None = None
    """Business rules in YAML; the shipped ones unless given."""
    shadow: Annotated[frozenset[Stage], *Several] = frozenset()
    """Stages whose verdicts are computed and reported, and decide nothing."""
    review_sample_share: float = Field(0.001, ge=0, le=1)
    """Share of closed sessions that become review questions at random."""
    review_ceiling_share: float = Field(0.01, ge=0, le=1)
    """Greatest share of closed sessions that become review questions, beside the random ones, as unsure or unusual."""
    anomaly: bool = True
    """Whether each closed session's score has a measure of how unusual the session is (`unusual`), and unusual sessions
    become review questions. `weir replay` uses only its option `--anomaly`."""

    # People.
    human_sources: Annotated[tuple[str, ...], *Several, AfterValidator(_people)] = ()
    """Sources whose labels decide and train models; a name that ends in `*` matches all sources that begin so."""
    answer_verdict: Literal["review", "throttle", "block"] = "block"
    """Verdict of a label `bad` of these sources."""
    answer_holds_s: Seconds = 86_400.0
    """Time for which a label of these sources decides about the visitor, from its `ts`."""
    answer_yields_to: Annotated[tuple[str, ...], *Several, AfterValidator(_evidence)] = ("injection:0.9",)
    """Evidence from which heuristics prevail over a label `good` of these sources, as `pack:evidence`."""
    reports_for_review: float = Field(3.0, gt=0)
    """Number of reports about a visitor for the verdict `review`; a reporter who was wrong before counts less."""
    reports_for_throttle: float = Field(10.0, gt=0)
    """Number of reports about a visitor for the verdict `throttle`."""
    report_holds_s: Seconds = 86_400.0
    """Time for which a report counts, from its `ts`."""
    reports_throttle_s: Seconds = 3_600.0
    """Longest time for which reports throttle, from the `ts` of the newest one."""
    block_holds_s: Seconds = 3_600.0
    """Time for which a flag's `block` is in force, from the session's `end`."""
    throttle_holds_s: Seconds = 60.0
    """Time for which a flag's `throttle` is in force, from the session's `end`."""

    # Learning.
    model_key: SecretStr | None = None
    """Key that signs and verifies model snapshots; without it no model is trained, and none scores."""
    model_file: Path | None = None
    """The model to train in YAML: family and hyper-parameters; the shipped one unless given."""
    weak_labels: bool = True
    """Whether purchases and the first two stages' verdicts train the model, for sessions without a human label."""
    gate_window: int = Field(500, ge=50, le=10_000)
    """Newest examples on which the gate compares a candidate with the champion and the baseline."""
    gate_every: int = Field(100, ge=10)
    """Examples between two gate evaluations."""
    model_false_positive_rate: float = Field(0.005, gt=0, le=0.2)
    """Greatest share of benign sessions that the model may block. The bound needs 3 divided by this share benign human
    labels. With fewer, the model gives `review` and never `block`."""
    refresh_every: int = Field(50, ge=0)
    """Examples after which the champion's newer learner replaces it, unless human labels contradict this; fewer for a
    champion that has learned few; 0: never, so that only the gate replaces champions."""
    refresh_every_s: Seconds = 300.0
    """Seconds after which the champion's newer learner replaces it, after any number of examples."""
    gate_min_people: int = Field(30, ge=0)
    """If the window has at least so many human labels, the gate uses only those."""
    rollout_answers: int = Field(10, ge=0)
    """Human labels on which a model that passed the gate is tested in shadow, and again for a share of the visitors,
    before it scores for all. 0: it scores for all at once, and is not rolled back automatically."""
    rollout_share: float = Field(0.2, gt=0, le=1)
    """Share of the visitors that such a model scores for before it scores for all."""
    label_wait_s: Seconds = 2_592_000.0
    """Time for which a scored session waits for a label."""

    # The console.
    console_host: str = "127.0.0.1"
    """Address on which the console listens. Beyond loopback it needs users or an authenticating proxy."""
    console_port: int = Field(6067, ge=0, le=65535)
    """Port of the console."""
    console_folder: Path = Path(".weir/console")
    """Folder of the console's store and secret; if the store is lost, it is rebuilt from the topics."""
    console_days: float = Field(7.0, gt=0, le=365)
    """Days for which the store keeps a session after its newest record."""
    console_bytes: int = Field(4_000_000_000, ge=50_000_000)
    """Greatest size of the store in bytes; beyond it the oldest sessions are removed first."""
    console_newest_events: int = Field(100_000, ge=1_000)
    """Newest events that the store keeps of visitors who were never flagged."""
    console_users_file: Path | None = None
    """Users of the console, as `weir console user add` writes them; without this file, all users of this machine may
    read and review."""
    console_proxies: Annotated[tuple[str, ...], *Several] = ()
    """Addresses of authenticating proxies, which name the user in `X-Forwarded-User`."""
    console_proxy_secret: SecretStr | None = None
    """Secret that such a proxy sends as `X-Weir-Proxy-Secret`: other programs on its address can then name no user."""
    console_proxy_role: Literal["read", "review", "operate"] = "read"
    """Role of users that a proxy names without `X-Weir-Role`."""
    console_https: bool = False
    """Whether the console is reached only by HTTPS: its cookies are then sent only over HTTPS."""
    console_hosts: Annotated[tuple[str, ...], *Several] = ()
    """Host names of the console, beside loopback's; requests with others are refused."""
    console_policy_file: Path | None = None
    """The site's policy on abuse, in Markdown: shown beside each question."""
    console_workers: Annotated[tuple[str, ...], *Several] = ()
    """Addresses of workers' web servers, such as `http://10.0.0.5:6066`, which have the outcomes of events."""

    @property
    def names(self) -> Names:
        """Full topic names."""
        return Names(self.topic_prefix, self.application_id)

    def client_options(self) -> dict[str, Any]:
        """Connection options in librdkafka's names, the password in clear: never print them."""
        options: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            # librdkafka's default is 10 s: longer than most brokers are unreachable, and than transactions wait.
            "reconnect.backoff.max.ms": 1_000,
        }
        if self.sasl_mechanism:
            options["sasl.mechanism"] = self.sasl_mechanism
            options["sasl.username"] = self.sasl_username or ""
            options["sasl.password"] = self.sasl_password.get_secret_value() if self.sasl_password else ""
        if self.ssl_ca_file:
            options["ssl.ca.location"] = str(self.ssl_ca_file)
        return options

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the base class calls it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags override the environment, which overrides the file; neither dotenv nor a secrets folder is read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, DEFAULT_FILE)


def load(**flags: Any) -> Settings:  # noqa: ANN401 -- a flag may have any setting's type
    """Loads the settings; flags that are None count as not given.

    Raises:
        SettingsError: a setting is unknown, of the wrong type or out of its bounds, or the file can't be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{DEFAULT_FILE} is not TOML: {error}.", "Write each line as name = value.") from error
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in wrong["loc"])
        known = wrong["loc"][0] in Settings.model_fields
        raise SettingsError(
            f"The setting {name} is wrong: {wrong['msg'].removeprefix('Value error, ')}."
            if known
            else f"There is no setting {name}.",
            f"Correct it in its source, the {_origin(name, given)}; `weir settings --help` lists the sources."
            if known
            else "`weir settings` lists them all.",
        ) from error


def sources(flags: dict[str, Any]) -> dict[str, Source]:
    """The source of each setting in force."""
    return {name: _origin(name, flags) for name in Settings.model_fields}


def sources_of(settings: Settings) -> dict[str, Source]:
    """The source of each setting, for callers that have no flags: a value from no other source was a flag.

    A flag with the same value as the environment, the file or the default is shown as that source.
    """
    try:
        without = load()
    except SettingsError:
        # The settings are valid, so a flag has replaced the invalid value.
        return sources({})
    given = {name for name in Settings.model_fields if getattr(settings, name) != getattr(without, name)}
    return {name: "flag" if name in given else _origin(name, {}) for name in Settings.model_fields}


def plain(value: object) -> str:
    """A setting's value in the form of a flag."""
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def stray_environment() -> list[str]:
    """Variables that begin with `WEIR_` and name no setting, most often by a typing error."""
    known = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields} | SWITCHES
    return sorted(name for name in os.environ if name.upper().startswith(ENV_PREFIX) and name.upper() not in known)


def _origin(name: str, flags: dict[str, Any]) -> Source:
    setting = name.partition(".")[0]
    if setting in flags:
        return "flag"
    if any(variable.upper() == f"{ENV_PREFIX}{setting}".upper() and value for variable, value in os.environ.items()):
        return "environment"
    if DEFAULT_FILE.exists() and setting in tomllib.loads(DEFAULT_FILE.read_text()):
        return "file"
    return "default"
