"""The clinic's server without a web: one folder, its database, its recordings, and who may do what."""

import logging
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from engine.sealing import key_id
from server_sync.clinic import codes
from server_sync.clinic.accounts import Accounts, Entrance
from server_sync.clinic.archive import Archive
from server_sync.clinic.audit import COMMAND, Audit
from server_sync.clinic.brakes import KEY, Brakes
from server_sync.clinic.consents import Consents
from server_sync.clinic.contacts import Contacts
from server_sync.clinic.conversation import Conversations
from server_sync.clinic.devices import Devices
from server_sync.clinic.drafts import Drafts
from server_sync.clinic.erasure import Erasing
from server_sync.clinic.gists import Gists
from server_sync.clinic.glances import Glances
from server_sync.clinic.invitations import Invitations
from server_sync.clinic.keys import Keys
from server_sync.clinic.letters import Letters
from server_sync.clinic.links import Links
from server_sync.clinic.names import Names
from server_sync.clinic.objects import Objects
from server_sync.clinic.patients import Patients, Person
from server_sync.clinic.place import Place, database_url, keys_url, place_of
from server_sync.clinic.preferences import Preferences
from server_sync.clinic.prescriptions import Prescriptions
from server_sync.clinic.private import make_folder
from server_sync.clinic.retention import Retention
from server_sync.clinic.second_factor import SecondFactors
from server_sync.clinic.store import Store
from server_sync.clinic.suspended import Suspended
from server_sync.clinic.systems import Systems
from server_sync.clinic.tables import Setting
from server_sync.clinic.uploads import Uploads
from server_sync.clinic.vault import Vault
from server_sync.clinic.visits import Visits


def utc_now() -> datetime:
    """The moment, with its zone."""
    return datetime.now(UTC)


_LOG = logging.getLogger("steadyreach.server")


class CannotOpen(ValueError):
    """A place of the server's data cannot be used; the message says which and why."""


NOTED = Place()
"""Where the folder itself says that its data lies."""


class ClinicKeys:
    """The clinic's private key, for `engine.sealing.cipher_of`."""

    def __init__(self, private: bytes) -> None:
        """Keep it."""
        self._private = private
        self.public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    def private(self, key: str) -> bytes | None:
        """The private key of this id; None where it is not the clinic's."""
        return self._private if key == key_id(self.public) else None

    def where(self) -> str:
        """Where it is kept, in words."""
        return "the clinic's keys"


class Service:
    """All that a clinic server can do; several processes may open the same folder and database."""

    def __init__(self, folder: Path, place: Place = NOTED, now: Callable[[], datetime] = utc_now) -> None:
        """Open, and make what is missing; all lies in the folder unless a URL names another place, now or noted.

        Raises CannotOpen.
        """
        with _opening(f"its folder {folder}"):
            make_folder(folder)
        with _opening(f"its folder {folder}"):
            place = place_of(folder, place)
        with _opening("its recordings" if place.recordings else f"its folder {folder}"):
            self.objects = Objects(folder, place.recordings)
        with _opening(
            "its keys (--keys is a URL such as sqlite:////srv/keys.db)" if place.keys else f"its folder {folder}"
        ):
            self.keychain = Keys(keys_url(folder, place))
        with _opening(
            "its database (--database is a URL such as postgresql+psycopg://user@host/name)"
            if place.database
            else f"its folder {folder}"
        ):
            self.store = Store(database_url(folder, place), self.keychain)
        self._refuse_other_keys()
        self.place, self.folder, self.now = place, folder, now
        self.patients = Patients(self.store, self.keychain, now)
        self.vault = Vault(self.objects, self.store, self.keychain)
        self.uploads = Uploads(self.vault)
        self.audit = Audit(self.store, now)
        if self.store.was_unguarded:
            _LOG.warning("the database did not guard the audit any more, and does again: steadyreach audit verify")
            self.audit.note(COMMAND, "find the audit unguarded")
        self.names = Names(self.store, self.keychain)
        self.visits = Visits(self.store, self.names, now)
        self.brakes = Brakes(self.store, self.audit, self.keychain.clinic_key(KEY), now)
        code_key = self.keychain.clinic_key(codes.KEY)
        entrance = Entrance(self.store, self.names, self.visits, self.brakes, self.audit, now, code_key)
        self.accounts = Accounts(entrance)
        self.invitations = Invitations(entrance, self.accounts)
        self.second_factors = SecondFactors(entrance, self.accounts, self.invitations, self.keychain)
        self.preferences = Preferences(self.store, self.audit)
        self.devices = Devices(self.store, self.patients, self.audit, now, self.keychain, lambda: self.keys().public)
        self.archive = Archive(self.store, self.patients, self.vault, self.audit, self.brakes, now)
        self.gists = Gists(self.store, self.patients, self.archive.session)
        self.prescriptions = Prescriptions(self.store, self.patients, self.audit, self.brakes, now)
        self.glances = Glances(self.store, self.patients, self.gists, self.prescriptions, now)
        self.consents = Consents(self.store, self.patients, self.audit, now)
        self.contacts = Contacts(self.store, self.patients, self.names, self.audit, now)
        self.letters = Letters(self.store, self.patients, self.audit, now)
        self.conversations = Conversations(
            *(self.store, self.patients, self.prescriptions, self.letters, self.audit, now)
        )
        self.systems = Systems(self.store, self.audit, now)
        self.links = Links(self.store, self.keychain, self.patients, self.consents)
        self.drafts = Drafts(self.store, self.patients, self.links, self.prescriptions, self.audit, now)
        self.suspended = Suspended(self.store, self.patients, self.names, self.audit)
        self.erasing = Erasing(self.store, self.patients, self.keychain, self.objects, self.audit, now)
        self.retention = Retention(self.store, self.patients, self.consents, self.vault, self.erasing, self.audit, now)

    def form_key(self) -> str:
        """The secret that signs forms, the same for every process of this server."""
        return self.keychain.secret("form key", lambda: secrets.token_hex(32))

    def metrics_token(self) -> str:
        """What another computer shows to read the metrics."""
        return self.keychain.secret("metrics token", lambda: secrets.token_urlsafe(32))

    def keys(self) -> ClinicKeys:
        """The key that recordings of all devices are sealed for, made once."""
        return ClinicKeys(b64decode(self.keychain.secret("sealing key", _new_private_key)))

    def zone_of(self, person: Person) -> ZoneInfo:
        """The time zone in which a patient lives: the clinic's where nobody said which."""
        return ZoneInfo(person.zone) if person.zone else self.contacts.zone()

    def health(self) -> dict[str, str]:
        """What the server needs, each `ok` or `ill`."""
        return {"database": _well(self.archive.count), "recordings": _well(self.objects.look)}

    def close(self) -> None:
        """Write what waits, and let go of the database."""
        self.archive.close()
        self.audit.close()
        self.store.close()
        self.keychain.close()

    def _refuse_other_keys(self) -> None:
        """What is sealed under other keys would be taken for damaged, and what is sealed under these could be lost."""
        name = self.keychain.secret("name")
        with self.store.writing() as db:
            db.execute(self.store.once(Setting), {"name": "keys", "value": name})
            expected = db.execute(select(Setting.value).where(Setting.name == "keys")).scalar_one()
        if expected != name:
            self.store.close()
            self.keychain.close()
            raise CannotOpen(
                "the keys here are not those of this clinic: name their place, or bring back a copy of them"
            )


def _new_private_key() -> str:
    return b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode()


@contextmanager
def _opening(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ImportError, ValueError, SQLAlchemyError) as reason:
        words = getattr(reason, "strerror", None) or getattr(reason, "orig", None) or reason
        raise CannotOpen(f"the server cannot use {what}: {str(words).splitlines()[0]}") from None


def _well(look: Callable[[], object]) -> str:
    try:
        look()
    except (OSError, SQLAlchemyError):
        return "ill"
    return "ok"
