"""The lab's WSMan endpoint, as a real WSMan client meets it, on both engines."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import os
import re
import signal
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pypsrp.complex_objects import ObjectMeta
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import SignalCode
from pypsrp.wsman import WSMan, WSManAction

from psrebind.lab.engines.model.engine import ModelEngine
from psrebind.lab.engines.pwsh import PwshEngine
from psrebind.lab.server.authentication import Logons
from psrebind.lab.server.endpoint import Endpoint, EndpointSettings
from psrebind.lab.server.network_faults import NetworkFault, NetworkFaults
from psrebind.lab.server.shells import ShellEngine
from psrebind.lab.server.soap import element
from psrebind.lab.windows.host_fault import HostFault

ADDRESS = "127.0.20.250"
USER = "labadmin"
PASSWORD = "Correct-Horse 1"
UNKNOWN_SHELL = 0x8033805B
TIMED_OUT = 2150858793
TOO_MANY_SHELLS = 2150859173
STARTUP = "function Get-Greeting { 'from the startup' }"
SECRET_SCRIPT = "param($Secret) [System.Net.NetworkCredential]::new('', $Secret).Password"
LONG_SCRIPT = "Start-Sleep -Seconds 600"

EngineFactory = Callable[[], ShellEngine]
T = TypeVar("T")


class Host:
    """One endpoint on a loop of its own, and its clients."""

    def __init__(self, factory: EngineFactory, **settings: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._clients: list[WSMan] = []
        self.faults = NetworkFaults()
        chosen = EndpointSettings(ADDRESS, {USER: PASSWORD}, http_port=0, https_port=0, **settings)
        self.endpoint = self.run(self._start(chosen, factory))

    async def _start(self, settings: EndpointSettings, factory: EngineFactory) -> Endpoint:
        endpoint = Endpoint(settings, factory, self.faults)
        await endpoint.start()
        return endpoint

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the host's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def client(self, auth: str = "ntlm", *, tls: Path | None = None, **options: Any) -> WSMan:
        """Return a client that is not connected yet."""
        port = self.endpoint.http_port if tls is None else self.endpoint.https_port
        options = {"username": USER, "password": PASSWORD, "no_proxy": True, **options}
        if tls is not None:
            options["cert_validation"] = str(tls)
        made = WSMan(ADDRESS, port=port, ssl=tls is not None, auth=auth, **options)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Stop the endpoint, and end its loop."""
        for client in self._clients:
            client.close()
        self.run(self.endpoint.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class Answers:
    """What the model engine answers: a quoted literal is echoed, as PowerShell would."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __call__(self, script: str, parameters: Mapping[str, object]) -> str:
        """Answer one script."""
        if script == LONG_SCRIPT:
            self.released.wait(60)
        if script.startswith("throw"):
            raise HostFault("No such site.", "psrebind.NoSite", "ObjectNotFound")
        if "Secret" in parameters:
            return str(parameters["Secret"])
        repeated = re.fullmatch(r"'(.)' \* (\d+)", script)
        return repeated[1] * int(repeated[2]) if repeated else script.strip("'")


@pytest.fixture
def model() -> Iterator[EngineFactory]:
    """The engine without PowerShell."""
    answers = Answers()
    yield lambda: ModelEngine(answers)
    answers.released.set()


@pytest.fixture
def pwsh() -> Callable[..., EngineFactory]:
    """The engine with PowerShell, by its startup text."""
    executable = os.environ.get("PSREBIND_PWSH")
    if not executable:
        pytest.skip("PSREBIND_PWSH does not name a PowerShell")

    def with_startup(startup: str = STARTUP, **environment: str) -> EngineFactory:
        return lambda: PwshEngine(Path(executable), environment=environment, startup=startup)

    return with_startup


@pytest.fixture(params=["model", "pwsh"])
def either(request: pytest.FixtureRequest) -> EngineFactory:
    """Each engine in turn."""
    made = request.getfixturevalue(request.param)
    factory: EngineFactory = made() if request.param == "pwsh" else made
    return factory


@pytest.fixture
def start() -> Iterator[Callable[..., Host]]:
    """Start hosts, and stop them after the test."""
    with contextlib.ExitStack() as hosts:

        def starter(factory: EngineFactory, **settings: Any) -> Host:
            host = Host(factory, **settings)
            hosts.callback(host.close)
            return host

        yield starter


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that clients may trust."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "lab.pem")


def make_certificate(path: Path) -> Path:
    """Write a self-signed certificate and its key into one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        built.public_bytes(pem) + key.private_bytes(pem, private, serialization.NoEncryption())
    )
    return path


def ask(pool: RunspacePool, script: str) -> list[Any]:
    """Run one script in a pool and return its output."""
    return list(PowerShell(pool).add_script(script).invoke())


def greet(pool: RunspacePool) -> list[Any]:
    """Open a pool and run one script in it; close nothing, since the connection may be lost."""
    pool.open()
    return ask(pool, "'hello'")


def until(condition: Callable[[], bool]) -> bool:
    """Wait for something that another thread does, and tell whether it happened."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_running(process: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# Authentication


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_pipeline_over_http(start: Callable[..., Host], model: EngineFactory, auth: str) -> None:
    """NTLM, raw or inside SPNEGO, with message encryption carries a pipeline."""
    host = start(model)
    with RunspacePool(host.client(auth)) as pool:
        assert ask(pool, "'hello'") == ["hello"]
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=0)}


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
def test_pipeline_over_tls(
    start: Callable[..., Host], model: EngineFactory, certificate: Path, auth: str
) -> None:
    """Every scheme works inside TLS, where messages need no encryption of their own."""
    host = start(model, certificate=certificate)
    with RunspacePool(host.client(auth, tls=certificate)) as pool:
        assert ask(pool, "'hello'") == ["hello"]
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=0)}


def test_message_encryption_over_tls(
    start: Callable[..., Host], model: EngineFactory, certificate: Path
) -> None:
    """A client may encrypt its messages inside TLS too."""
    host = start(model, certificate=certificate)
    with RunspacePool(host.client(tls=certificate, encryption="always")) as pool:
        assert ask(pool, "'hello'") == ["hello"]


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_wrong_password(start: Callable[..., Host], model: EngineFactory, auth: str) -> None:
    """A wrong password is one failed attempt, three requests and no shell."""
    host = start(model)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client(auth, password="wrong")).open()
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=1)}
    assert [entry.action for entry in host.endpoint.requests] == ["Logon"] * 3


def test_wrong_password_over_tls(
    start: Callable[..., Host], model: EngineFactory, certificate: Path
) -> None:
    """Basic with a wrong password is one failed attempt."""
    host = start(model, certificate=certificate)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client("basic", tls=certificate, password="wrong")).open()
    assert host.endpoint.logons == {USER: Logons(attempts=1, failures=1)}


def test_unknown_user(start: Callable[..., Host], model: EngineFactory) -> None:
    """A user that does not exist is counted under its own name."""
    host = start(model)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client(username="stranger")).open()
    assert host.endpoint.logons == {"stranger": Logons(attempts=1, failures=1)}


def test_local_user_with_dot(start: Callable[..., Host], model: EngineFactory) -> None:
    """`.\\user` is the same local user."""
    host = start(model)
    with RunspacePool(host.client(username=f".\\{USER}")) as pool:
        assert ask(pool, "'hello'") == ["hello"]


def test_basic_needs_tls(start: Callable[..., Host], model: EngineFactory) -> None:
    """Basic over plain HTTP is refused without a look at the password."""
    host = start(model)
    with pytest.raises(AuthenticationError):
        RunspacePool(host.client("basic", encryption="never")).open()
    assert host.endpoint.logons == {}


def test_basic_over_http_when_allowed(start: Callable[..., Host], model: EngineFactory) -> None:
    """AllowUnencrypted lets Basic over plain HTTP in."""
    host = start(model, allow_unencrypted=True)
    with RunspacePool(host.client("basic", encryption="never")) as pool:
        assert ask(pool, "'hello'") == ["hello"]


def test_unencrypted_body_is_refused(start: Callable[..., Host], model: EngineFactory) -> None:
    """A plain body over plain HTTP is refused even from a known user."""
    host = start(model)
    with pytest.raises(WinRMTransportError) as refusal:
        RunspacePool(host.client(encryption="never")).open()
    assert refusal.value.code == 500
    assert host.endpoint.open_shells == 0


def test_offered_schemes(start: Callable[..., Host], model: EngineFactory) -> None:
    """A request without credentials learns what may be tried."""
    host = start(model)
    url = f"http://{ADDRESS}:{host.endpoint.http_port}/wsman"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(url)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Negotiate")


def test_password_stays_out_of_the_environment(
    start: Callable[..., Host], model: EngineFactory
) -> None:
    """After a logon nothing in the environment names the users."""
    before = dict(os.environ)
    with RunspacePool(start(model).client()):
        assert dict(os.environ) == before


def test_twenty_clients_at_once(start: Callable[..., Host], model: EngineFactory) -> None:
    """Connections keep their users and their encryption apart."""
    host = start(model)
    everyone_is_in = threading.Barrier(20, timeout=60)

    def visit(number: int) -> list[Any]:
        with RunspacePool(host.client("negotiate" if number % 2 else "ntlm")) as pool:
            everyone_is_in.wait()
            return ask(pool, f"'{number}'")

    with ThreadPoolExecutor(20) as visitors:
        visits = [visitors.submit(visit, number) for number in range(20)]
    # Who could not come in is the reason why the others waited in vain.
    errors = [error for one in visits if (error := one.exception())]
    assert [error for error in errors if not isinstance(error, threading.BrokenBarrierError)] == []
    assert [one.result() for one in visits] == [[str(number)] for number in range(20)]
    assert host.endpoint.logons == {USER: Logons(attempts=20, failures=0)}


def test_another_certificate(
    start: Callable[..., Host], model: EngineFactory, certificate: Path, tmp_path: Path
) -> None:
    """The next handshake shows the certificate that was put in place."""
    other = make_certificate(tmp_path / "other.pem")
    host = start(model, certificate=certificate)
    where = (ADDRESS, host.endpoint.https_port)
    before = ssl.get_server_certificate(where)
    host.endpoint.use_certificate(other)
    after = ssl.get_server_certificate(where)
    assert before in certificate.read_text()
    assert after in other.read_text()


def test_port_in_use(start: Callable[..., Host], model: EngineFactory) -> None:
    """An endpoint that cannot listen says so, and leaves nothing behind."""
    host = start(model)
    settings = EndpointSettings(ADDRESS, {}, http_port=host.endpoint.http_port)
    second = Endpoint(settings, model, NetworkFaults())
    with pytest.raises(OSError, match="address already in use"):
        host.run(second.start())


# Pipelines


def test_two_pipelines_in_one_pool(start: Callable[..., Host], either: EngineFactory) -> None:
    """A pool runs one pipeline after the other."""
    host = start(either)
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "'first'") == ["first"]
        assert ask(pool, "'second'") == ["second"]
        assert host.endpoint.open_shells == 1
    assert host.endpoint.open_shells == 0


def test_large_script(start: Callable[..., Host], either: EngineFactory) -> None:
    """A script of 700 KB arrives whole, in several Sends."""
    text = "y" * 700_000
    with RunspacePool(start(either).client()) as pool:
        assert ask(pool, f"'{text}'") == [text]


def test_large_output(start: Callable[..., Host], either: EngineFactory) -> None:
    """Two megabytes of output arrive whole."""
    with RunspacePool(start(either).client()) as pool:
        assert ask(pool, "'z' * 2097152") == ["z" * 2097152]


def test_secure_string(start: Callable[..., Host], either: EngineFactory) -> None:
    """A SecureString parameter is decrypted on the host, after a key exchange."""
    with RunspacePool(start(either).client()) as pool:
        pool.exchange_keys()
        secret = pool.serialize("pässwörd", ObjectMeta("SS"))
        shell = PowerShell(pool).add_script(SECRET_SCRIPT).add_parameter("Secret", secret)
        assert shell.invoke() == ["pässwörd"]


def test_stop(start: Callable[..., Host], either: EngineFactory) -> None:
    """A pipeline that is stopped makes room for the next."""
    host = start(either)
    with RunspacePool(host.client()) as pool:
        shell = PowerShell(pool).add_script(LONG_SCRIPT)
        shell.begin_invoke()
        shell.poll_invoke(timeout=1)
        shell.stop()
        assert ask(pool, "'next'") == ["next"]


def test_operation_timeout(start: Callable[..., Host], either: EngineFactory) -> None:
    """A Receive with nothing to say ends with the fault that clients try again on."""
    with RunspacePool(start(either).client()) as pool:
        shell = PowerShell(pool).add_script(LONG_SCRIPT)
        shell.begin_invoke()
        with pytest.raises(WSManFaultError) as fault:
            pool.shell.receive("stdout", command_id=shell.id, timeout=1)
        assert fault.value.code == TIMED_OUT
        shell.stop()


def test_terminating_error(start: Callable[..., Host], model: EngineFactory) -> None:
    """What the model's function raises is the pipeline's terminating error."""
    with RunspacePool(start(model).client()) as pool:
        shell = PowerShell(pool).add_script("throw")
        shell.invoke()
        assert shell.had_errors
        (error,) = shell.streams.error
        assert (str(error), error.fq_error) == ("No such site.", "psrebind.NoSite")


def test_receive_respects_the_envelope_size(
    start: Callable[..., Host], model: EngineFactory
) -> None:
    """No reply is larger than the client's MaxEnvelopeSize."""
    sizes: list[int] = []
    client = start(model).client(max_envelope_size=102400)
    with RunspacePool(client) as pool:
        assert client.transport.session is not None
        client.transport.session.hooks["response"].append(
            lambda answer, **_: sizes.append(len(answer.content))
        )
        assert ask(pool, "'z' * 500000") == ["z" * 500000]
    assert 80_000 < max(sizes) <= 102400


# Shells


def test_delete_from_another_connection(start: Callable[..., Host], model: EngineFactory) -> None:
    """A shell can be closed by its id from elsewhere, once."""
    host = start(model)
    lost = RunspacePool(host.client())
    lost.open()
    rescuer = RunspacePool(host.client())
    rescuer.open()
    assert host.endpoint.open_shells == 2
    rescuer.shell._selector_set = lost.shell._selector_set
    rescuer.close()
    assert host.endpoint.open_shells == 1
    with pytest.raises(WSManFaultError) as fault:
        lost.close()
    assert fault.value.code == UNKNOWN_SHELL


def test_shell_has_the_id_of_its_pool(start: Callable[..., Host], model: EngineFactory) -> None:
    """The ShellId that a client proposes is the shell's."""
    host = start(model)
    with RunspacePool(host.client()) as pool:
        assert pool.shell.id == pool.id
        ask(pool, "'x'")
    shells = {entry.shell for entry in host.endpoint.requests if entry.action == "Command"}
    assert shells == {pool.id}


def test_too_many_shells(start: Callable[..., Host], model: EngineFactory) -> None:
    """The thirty-first shell of a user is refused, and possible after one was closed."""
    host = start(model)
    client = host.client()
    pools = [RunspacePool(client) for _ in range(31)]
    for pool in pools[:30]:
        pool.open()
    with pytest.raises(WSManFaultError, match="maximum number of 30 concurrent") as fault:
        pools[30].open()
    assert fault.value.code == TOO_MANY_SHELLS
    pools[0].close()
    RunspacePool(client).open()
    assert host.endpoint.open_shells == 30


def test_idle_shell_closes(start: Callable[..., Host], model: EngineFactory) -> None:
    """A shell that nobody asks for the time it named is gone."""
    host = start(model)
    pool = RunspacePool(host.client(), idle_timeout=1)
    pool.open()
    assert host.endpoint.open_shells == 1
    assert until(lambda: host.endpoint.open_shells == 0)
    with pytest.raises(WSManFaultError) as fault:
        ask(pool, "'too late'")
    assert fault.value.code == UNKNOWN_SHELL


def test_waiting_receive_is_not_idle(start: Callable[..., Host], model: EngineFactory) -> None:
    """A shell whose client waits for output stays, however short its idle timeout."""
    host = start(model)
    with RunspacePool(host.client(), idle_timeout=1) as pool:
        shell = PowerShell(pool).add_script(LONG_SCRIPT)
        shell.begin_invoke()
        shell.poll_invoke(timeout=2)
        assert host.endpoint.open_shells == 1
        shell.stop()


def test_alive(start: Callable[..., Host], model: EngineFactory) -> None:
    """A client can ask whether its shell is still there."""
    host = start(model)
    with RunspacePool(host.client()) as pool:
        assert pool.is_alive()
        host.run(host.endpoint.stop())
        assert not pool.is_alive()


# Faults of the network


@pytest.mark.parametrize("number", range(1, 8))
def test_cut_connection(start: Callable[..., Host], model: EngineFactory, number: int) -> None:
    """Each request in turn, the logon's too, can lose its connection."""
    host = start(model)
    host.faults.arm(NetworkFault.CUT_BEFORE, number=number)
    with pytest.raises(requests.ConnectionError):
        greet(RunspacePool(host.client()))
    assert host.faults.armed == ()


@pytest.mark.parametrize(
    ("fault", "shells"), [(NetworkFault.CUT_BEFORE, 0), (NetworkFault.CUT_AFTER, 1)]
)
def test_cut_before_or_after(
    start: Callable[..., Host], model: EngineFactory, fault: NetworkFault, shells: int
) -> None:
    """Only a connection cut after the request leaves the work done."""
    host = start(model)
    host.faults.arm(fault, number=4)
    with pytest.raises(requests.ConnectionError):
        RunspacePool(host.client()).open()
    assert host.endpoint.open_shells == shells


def test_unavailable(start: Callable[..., Host], model: EngineFactory) -> None:
    """HTTP 503 comes once, and the next try succeeds."""
    host = start(model)
    host.faults.arm(NetworkFault.UNAVAILABLE, number=4)
    with pytest.raises(WinRMTransportError) as refusal:
        RunspacePool(host.client()).open()
    assert refusal.value.code == 503
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "'hello'") == ["hello"]


@pytest.mark.parametrize("fault", [NetworkFault.STALL, NetworkFault.HANG])
def test_silence(start: Callable[..., Host], model: EngineFactory, fault: NetworkFault) -> None:
    """A request that is never answered ends with the client's own patience."""
    host = start(model)
    host.faults.arm(fault)
    with pytest.raises(requests.ReadTimeout):
        RunspacePool(host.client(read_timeout=1)).open()
    assert host.endpoint.logons == {}


def test_refused_connection(start: Callable[..., Host], model: EngineFactory) -> None:
    """A connection that closes at once is one failure, twice if told so."""
    host = start(model)
    host.faults.arm(NetworkFault.REFUSE, times=2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            RunspacePool(host.client()).open()
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "'hello'") == ["hello"]


def test_fault_until_disarmed() -> None:
    """A fault without a number of times lasts until it is disarmed."""
    faults = NetworkFaults()
    faults.arm(NetworkFault.STALL, number=2, times=None)
    met = [faults.next_request() for _ in range(4)]
    assert met == [None, *[NetworkFault.STALL] * 3]
    faults.disarm()
    assert faults.next_request() is None


def test_fault_numbers_start_at_one() -> None:
    """There is no request number zero."""
    with pytest.raises(ValueError, match="from 1"):
        NetworkFaults().arm(NetworkFault.STALL, number=0)


def test_abandoned_receive_loses_nothing(start: Callable[..., Host], model: EngineFactory) -> None:
    """Output that comes after a client gave up waiting goes to its next Receive."""
    host = start(model)
    first, second = host.client(read_timeout=1), host.client()
    pool = RunspacePool(first)
    pool.open()
    shell = PowerShell(pool).add_script(LONG_SCRIPT)
    shell.begin_invoke()
    # By `invoke`, since pypsrp's own Receive tries again by itself, and slowly.
    desired = element(
        "rsp:Receive",
        children=[
            element("rsp:DesiredStream", "stdout", attributes={"CommandId": shell.id}),
        ],
    )
    with pytest.raises(requests.ReadTimeout):
        first.invoke(
            WSManAction.RECEIVE,
            pool.shell.resource_uri,
            desired,
            selector_set=pool.shell._selector_set,
        )
    pool.connection = pool.shell.wsman = second
    pool.shell.signal(SignalCode.PS_CTRL_C, shell.id)
    state, _, streams = pool.shell.receive("stdout", command_id=shell.id)
    assert state.endswith("/Done")
    assert b"PipelineStopped" in streams["stdout"]
    pool.close()


# PowerShell children


def test_startup_is_seen_by_the_client(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory]
) -> None:
    """Functions of the startup are in the client's pool; its output is not."""
    host = start(pwsh(f"'not for the client'; {STARTUP}"))
    with RunspacePool(host.client()) as pool:
        assert ask(pool, "Get-Greeting") == ["from the startup"]


@pytest.mark.parametrize("startup", ["throw 'broken prelude'", "Write-Error 'broken prelude'"])
def test_failing_startup(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory], startup: str
) -> None:
    """A startup that fails refuses the shell, with its error, and leaves no child."""
    host = start(pwsh(startup))
    with pytest.raises(WSManFaultError, match="broken prelude"):
        RunspacePool(host.client()).open()
    assert host.endpoint.open_shells == 0


def test_missing_engine(start: Callable[..., Host]) -> None:
    """An engine that is not there refuses the shell by its path."""
    missing = Path("/no/such/pwsh")
    host = start(lambda: PwshEngine(missing, environment={}, startup=""))
    with pytest.raises(WSManFaultError, match="/no/such/pwsh could not be started"):
        RunspacePool(host.client()).open()


def test_child_environment(
    start: Callable[..., Host],
    pwsh: Callable[..., EngineFactory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A child sees what it was given, and none of our secrets."""
    monkeypatch.setenv("PSREBIND_PASSWORD", PASSWORD)
    host = start(pwsh(LAB_HOST="web01"))
    with RunspacePool(host.client()) as pool:
        assert ask(pool, '"$env:LAB_HOST,$env:PSREBIND_PASSWORD"') == ["web01,"]


def test_death_of_a_child(start: Callable[..., Host], pwsh: Callable[..., EngineFactory]) -> None:
    """A child that dies takes its pipeline and its shell along."""
    host = start(pwsh())
    with RunspacePool(host.client()) as pool:
        (child,) = ask(pool, "$PID")
        os.kill(child, signal.SIGKILL)
        with pytest.raises(WSManFaultError, match="did not return a proper response"):
            ask(pool, "'too late'")
        assert host.endpoint.open_shells == 0
        pool.state = 3


def test_no_child_outlives_its_endpoint(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory]
) -> None:
    """Stopping an endpoint ends the children of shells that nobody closed, busy ones too."""
    host = start(pwsh())
    pool = RunspacePool(host.client())
    pool.open()
    (child,) = ask(pool, "$PID")
    PowerShell(pool).add_script("while ($true) { }").begin_invoke()
    assert is_running(child)
    host.run(host.endpoint.stop())
    assert not is_running(child)


def test_no_child_outlives_its_shell(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory]
) -> None:
    """Closing a pool ends its child, and native programs that a pipeline left running."""
    host = start(pwsh())
    with RunspacePool(host.client()) as pool:
        child, left = ask(pool, "$PID; sh -c 'sleep 600 >/dev/null 2>&1 & echo $!'")
    assert until(lambda: not is_running(int(left)))
    assert not is_running(child)


def test_no_child_outlives_a_cancelled_start(
    start: Callable[..., Host], pwsh: Callable[..., EngineFactory], tmp_path: Path
) -> None:
    """A shell that is still starting when the endpoint stops leaves no child."""
    note = tmp_path / "pid"
    startup = "[IO.File]::WriteAllText($env:NOTE, $PID); Start-Sleep -Seconds 600"
    host = start(pwsh(startup, NOTE=str(note)))
    failures: list[Exception] = []

    def open_pool() -> None:
        try:
            RunspacePool(host.client()).open()
        except Exception as error:
            failures.append(error)

    opening = threading.Thread(target=open_pool)
    opening.start()
    assert until(lambda: note.exists() and note.read_text() != "")
    host.run(host.endpoint.stop())
    opening.join()
    assert failures
    assert not is_running(int(note.read_text()))


def test_unknown_pipeline(start: Callable[..., Host], either: EngineFactory) -> None:
    """A Receive for a pipeline that never was is refused."""
    with RunspacePool(start(either).client()) as pool, pytest.raises(WSManFaultError):
        pool.shell.receive("stdout", command_id=str(uuid.uuid4()).upper())
