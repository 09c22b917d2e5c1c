"""Every setting, declared once: from a file, the environment and flags, in rising order."""

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
"""Variables that are read before there are settings: see `streams/compiled/form.py`."""
Source = Literal["flag", "environment", "file", "default"]


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


# NoDecode: in the environment, as in a flag, several values stand between commas; pydantic's own way is JSON.
Several = (NoDecode, BeforeValidator(_split))


def _brokers(named: str) -> str:
    if not all(map(str.strip, named.split(","))):
        raise ValueError("name brokers as host:port,host:port")
    return named


def _people(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if is_weak(name) or is_report(name):
            raise ValueError(f"{name} is no person's name: Weir itself and visitors who report are never trusted")
        if "*" in name[:-1]:
            raise ValueError(f"in {name}, a * may stand at the end alone")
    return names


def _evidence(named: tuple[str, ...]) -> tuple[str, ...]:
    for one in named:
        pack, _, value = one.rpartition(":")
        if not pack or not re.fullmatch(r"0?\.\d+|[01]|1\.0+", value):
            raise ValueError(f"{one} is not of the form pack:evidence, such as injection:0.9")
    return named


class Settings(BaseSettings):
    """What a deployment may choose. Environment names are `WEIR_` and the field's name in capitals."""

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
    partitions: int = Field(4, ge=1, le=1024)
    """Partitions of the topics that are keyed by visitor; can't be changed once there are events."""
    replication_factor: int = Field(1, ge=1)
    """Replicas of each topic when Weir creates it."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to talk to the brokers."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    """With SASL: how to log in."""
    sasl_username: str | None = None
    """With SASL: who logs in."""
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
    """How much a worker tells."""
    checkpoint_interval_s: float = Field(5.0, ge=0)
    """How often sessionize writes the sessions touched; 0 is after every batch. Recovery folds the rest again."""
    commit_interval_s: float = Field(0.03, ge=0, le=10)
    """A partition's transactions begin at least so long after one another: longer is cheaper, and later for readers."""
    transaction_timeout_s: Seconds = 10.0
    """How long a dead worker's open transaction may hold readers up."""
    session_timeout_s: Seconds = 10.0
    """How long the group waits for a silent worker."""
    recovery_timeout_s: Seconds = 300.0
    """A recovery that takes longer ends the worker."""
    stall_timeout_s: Seconds = 120.0
    """A worker with input that has not moved for so long is not alive."""
    max_batch_records: int = Field(10_000, ge=1)
    """Records of one partition that are worked on between two flushes, at most; fewer where the work takes long."""
    dead_letter_cap: float = Field(0.5, ge=0, le=1)
    """A larger share of dead letters among a partition's newest records stops the worker; 1 never does."""
    dead_letter_window: int = Field(1_000, ge=1, le=100_000)
    """How many records that share is of."""

    # Tables: see the page for analysts.
    table_uri: str | None = None
    """Folder or object store of the tables that the stage `table` writes; it runs only where this is set."""
    table_commit_s: float = Field(30.0, gt=0, le=3_600)
    """How long a row waits for its commit, at most."""
    table_commit_rows: int = Field(100_000, ge=1, le=5_000_000)
    """A commit is made as soon as so many rows wait."""
    table_compact_s: float = Field(3_600.0, gt=0)
    """How often small files of the tables are made large ones, and old ones removed."""
    table_keep_hours: int = Field(168, ge=1)
    """How long files are kept that newer ones have replaced: for readers of older versions."""

    # Time.
    gap_s: Seconds = 1_800.0
    """Events at most this far apart belong to one session."""
    grace_s: float = Field(300.0, ge=0)
    """How long a session stays open for stragglers."""
    idle_timeout_s: Seconds = 60.0
    """Silence after which a partition's owner moves its watermark by the time that has passed."""
    max_ahead_s: float = Field(300.0, ge=0)
    """Events further ahead of their append time are clamped to it."""

    # Bounds.
    max_record_bytes: int = Field(1_000_000, ge=1_024)
    """Larger events go to the dead letters."""
    max_session_events: int = Field(10_000, ge=2)
    """The next event opens a new session."""
    max_session_s: Seconds = 86_400.0
    """An event that would make a session longer opens a new one."""
    max_fingerprints: int = Field(20_000, ge=100)
    """Events remembered per visitor to tell duplicates."""

    # Files.
    trusted_proxies: Annotated[tuple[str, ...], *Several] = ()
    """The site's own proxies, as addresses or networks: a forwarded address is believed from these. Private addresses
    are among them; `private` says that there are no others."""

    # The cascade.
    limits_file: Path | None = None
    """Budgets in YAML; the shipped ones unless given."""
    pack_files: Annotated[tuple[Path, ...], *Several] = ()
    """Packs of patterns in YAML, beside the shipped ones; one of the same name takes its place."""
    paranoia_level: int = Field(1, ge=1, le=4)
    """Level up to which patterns are in force, 1 to 4: more find more and err more."""
    business_rules_file: Path | None = None
    """Business rules in YAML; the shipped ones unless given."""
    shadow: Annotated[frozenset[Stage], *Several] = frozenset()
    """Stages that count and say nothing."""
    review_sample_share: float = Field(0.001, ge=0, le=1)
    """Share of closed sessions that a person is asked about at random."""
    review_ceiling_share: float = Field(0.01, ge=0, le=1)
    """Share of closed sessions that a person may be asked about, beside those, for being unsure or unusual."""
    anomaly: bool = True
    """Whether each closed session's score tells how unusual the session is (`unusual`), and unusual ones are asked
    about. `weir replay` goes by its option `--anomaly` alone."""

    # People.
    human_sources: Annotated[tuple[str, ...], *Several, AfterValidator(_people)] = ()
    """Sources of labels whose answers decide, beside teaching; a name that ends in `*` stands for all that begin so."""
    answer_verdict: Literal["review", "throttle", "block"] = "block"
    """What their `bad` gives."""
    answer_holds_s: Seconds = 86_400.0
    """How long their answer decides about the visitor, from its `ts`."""
    answer_yields_to: Annotated[tuple[str, ...], *Several, AfterValidator(_evidence)] = ("injection:0.9",)
    """Evidence from which heuristics count in spite of their `good`, as `pack:evidence`."""
    reports_for_review: float = Field(3.0, gt=0)
    """Visitors' reports about one visitor from which the verdict is `review`; a reporter who was wrong counts less."""
    reports_for_throttle: float = Field(10.0, gt=0)
    """Likewise for `throttle`."""
    report_holds_s: Seconds = 86_400.0
    """How long a report counts, from its `ts`."""
    reports_throttle_s: Seconds = 3_600.0
    """How long reports throttle at most, from the newest one's `ts`: they are no proof."""
    block_holds_s: Seconds = 3_600.0
    """How long a flag's `block` is acted on, from the session's `end`."""
    throttle_holds_s: Seconds = 60.0
    """Likewise for a `throttle`."""

    # Learning.
    model_key: SecretStr | None = None
    """Key that signs and verifies model snapshots; without it nothing is learned or scored."""
    model_file: Path | None = None
    """The model to train in YAML: family and hyper-parameters; the shipped one unless given."""
    weak_labels: bool = True
    """Whether purchases and the first two stages teach the model while people have not."""
    gate_window: int = Field(500, ge=50, le=10_000)
    """Newest examples on which a candidate meets the champion and the baseline."""
    gate_every: int = Field(100, ge=10)
    """Examples between two such meetings."""
    model_false_positive_rate: float = Field(0.005, gt=0, le=0.2)
    """Share of benign sessions that may be blocked on a model's word. Until people's benign answers are enough to
    promise it (3 divided by it), the model asks and blocks nobody."""
    refresh_every: int = Field(50, ge=0)
    """Examples after which the champion's learner, further along, takes its place, unless answers speak against it;
    sooner while it has learned few; 0: never, so that champions are replaced through the gate alone."""
    refresh_every_s: Seconds = 300.0
    """Seconds after which it does, whatever came."""
    gate_min_people: int = Field(30, ge=0)
    """With at least so many labels from people in the window, only those judge."""
    rollout_answers: int = Field(10, ge=0)
    """Answers that a model which passed the gate must stand in shadow, and again with a share of the visitors, before
    it scores for all; 0: it scores for all at once, and isn't taken back by itself."""
    rollout_share: float = Field(0.2, gt=0, le=1)
    """Share of the visitors that such a model scores for before all."""
    label_wait_s: Seconds = 2_592_000.0
    """How long a scored session waits for a label."""

    # The console.
    console_host: str = "127.0.0.1"
    """Where the console listens. Beyond loopback it needs users or a proxy that logs people in."""
    console_port: int = Field(6067, ge=0, le=65535)
    """Its port."""
    console_folder: Path = Path(".weir/console")
    """Where its store and its secret lie; the store is made again from the topics when it is lost."""
    console_days: float = Field(7.0, gt=0, le=365)
    """Days that the store keeps of a session after it was last heard of."""
    console_bytes: int = Field(4_000_000_000, ge=50_000_000)
    """Bytes that the store may take; beyond it the oldest sessions go first."""
    console_newest_events: int = Field(100_000, ge=1_000)
    """Newest events that the store keeps of visitors who were never flagged."""
    console_users_file: Path | None = None
    """Who may log in, as `weir console user add` writes it; without one, whoever is on this machine reads and
    reviews."""
    console_proxies: Annotated[tuple[str, ...], *Several] = ()
    """Addresses of proxies that log people in and name them in `X-Forwarded-User`."""
    console_proxy_secret: SecretStr | None = None
    """What such a proxy sends as `X-Weir-Proxy-Secret`, so that nobody else on its address can name people."""
    console_proxy_role: Literal["read", "review", "operate"] = "read"
    """What people whom a proxy names may do, unless `X-Weir-Role` of the proxy says otherwise."""
    console_https: bool = False
    """Whether people reach it by HTTPS alone: its cookies are then never sent without."""
    console_hosts: Annotated[tuple[str, ...], *Several] = ()
    """Host names by which it is reached, beside loopback's; others are refused."""
    console_policy_file: Path | None = None
    """What counts as abuse on this site, in Markdown: shown beside each question."""
    console_workers: Annotated[tuple[str, ...], *Several] = ()
    """Addresses of workers' web servers, such as `http://10.0.0.5:6066`: asked for what became of events."""

    @property
    def names(self) -> Names:
        """Full topic names."""
        return Names(self.topic_prefix, self.application_id)

    def client_options(self) -> dict[str, Any]:
        """Connection options in librdkafka's names, the password in clear: never print them."""
        options: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            # Ten seconds by default: longer than most brokers are away, and longer than transactions wait.
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
        """Flags before the environment before the file; no dotenv, no secrets folder."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, DEFAULT_FILE)


def load(**flags: Any) -> Settings:  # noqa: ANN401 -- a flag may have any setting's type
    """The settings in force; flags that are None were not given.

    Raises:
        SettingsError: a setting is unknown, of the wrong type or out of its bounds, or the file can't be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{DEFAULT_FILE} is no TOML: {error}.", "Each line is of the form name = value.") from error
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in wrong["loc"])
        known = wrong["loc"][0] in Settings.model_fields
        raise SettingsError(
            f"The setting {name} is wrong: {wrong['msg'].removeprefix('Value error, ')}."
            if known
            else f"There is no setting {name}.",
            f"It comes from the {_origin(name, given)}; `weir settings --help` says where settings may come from."
            if known
            else "`weir settings` lists them all.",
        ) from error


def sources(flags: dict[str, Any]) -> dict[str, Source]:
    """Where each setting in force comes from."""
    return {name: _origin(name, flags) for name in Settings.model_fields}


def sources_of(settings: Settings) -> dict[str, Source]:
    """Likewise for those who have the settings, and not the flags: what nothing else says was a flag.

    A flag that says what the environment, the file or the default says too is told as that.
    """
    try:
        without = load()
    except SettingsError:
        # Then a flag sets right what they say, and nobody can tell more.
        return sources({})
    given = {name for name in Settings.model_fields if getattr(settings, name) != getattr(without, name)}
    return {name: "flag" if name in given else _origin(name, {}) for name in Settings.model_fields}


def plain(value: object) -> str:
    """A setting's value as it would be written in a flag."""
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def stray_environment() -> list[str]:
    """Variables that start as Weir's do and name no setting: most often a typing error that nobody notices."""
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
