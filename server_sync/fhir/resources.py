"""The resources of FHIR R4 that we write, with those of their fields that we fill."""

from typing import Annotated

import msgspec

from server_sync.fhir.datatypes import (
    Annotation,
    Attachment,
    CodeableConcept,
    Coding,
    Element,
    Identifier,
    Meta,
    Period,
    Quantity,
    Reference,
)

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.-]{1,64}\Z")]


class Resource(Element, frozen=True, kw_only=True, tag_field="resourceType", tag=True):
    """A resource, known by its id; `resourceType` is the name of its class."""

    id: Id | None = None
    meta: Meta | None = None

    @property
    def path(self) -> str:
        """Where it is on a server that lets us choose the id, which is how others of ours refer to it."""
        return f"{type(self).__name__}/{self.id}"


class DeviceName(Element, frozen=True, kw_only=True):
    """What a device is called."""

    name: str
    type: str


class DeviceVersion(Element, frozen=True, kw_only=True):
    """The version of a device."""

    value: str


class Device(Resource, frozen=True, kw_only=True):
    """A headset, or the software."""

    identifier: tuple[Identifier, ...]
    device_name: tuple[DeviceName, ...]
    type: CodeableConcept
    version: tuple[DeviceVersion, ...] = ()
    patient: Reference | None = None


class Procedure(Resource, frozen=True, kw_only=True):
    """A visit: that somebody exercised, when and with what."""

    identifier: tuple[Identifier, ...]
    based_on: tuple[Reference, ...] = ()
    status: str
    status_reason: CodeableConcept | None = None
    code: CodeableConcept
    subject: Reference
    encounter: Reference | None = None
    performed_period: Period
    used_reference: tuple[Reference, ...] = ()


class Encounter(Resource, frozen=True, kw_only=True):
    """A visit at which a therapist was there, from another place."""

    identifier: tuple[Identifier, ...]
    status: str
    class_: Coding = msgspec.field(name="class")
    subject: Reference
    period: Period


class Component(Element, frozen=True, kw_only=True):
    """A part of an observation."""

    code: CodeableConcept
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None


class Observation(Resource, frozen=True, kw_only=True):
    """A number that was measured or said, or a group of them."""

    identifier: tuple[Identifier, ...]
    part_of: tuple[Reference, ...] = ()
    status: str = "final"
    category: tuple[CodeableConcept, ...]
    code: CodeableConcept
    subject: Reference
    encounter: Reference | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    data_absent_reason: CodeableConcept | None = None
    note: tuple[Annotation, ...] = ()
    body_site: CodeableConcept | None = None
    method: CodeableConcept | None = None
    device: Reference | None = None
    has_member: tuple[Reference, ...] = ()
    derived_from: tuple[Reference, ...] = ()
    component: tuple[Component, ...] = ()


class Answer(Element, frozen=True, kw_only=True):
    """One answer to an item of a questionnaire."""

    value_decimal: float


class ResponseItem(Element, frozen=True, kw_only=True):
    """What was answered to an item."""

    link_id: str
    text: str
    answer: tuple[Answer, ...]


class QuestionnaireResponse(Resource, frozen=True, kw_only=True):
    """What a person said of themselves at a visit."""

    identifier: Identifier
    part_of: tuple[Reference, ...] = ()
    questionnaire: str
    status: str = "completed"
    subject: Reference
    encounter: Reference | None = None
    authored: str
    source: Reference
    item: tuple[ResponseItem, ...]


class Item(Element, frozen=True, kw_only=True):
    """A question."""

    link_id: str
    code: tuple[Coding, ...]
    text: str
    type: str
    repeats: bool


class Questionnaire(Resource, frozen=True, kw_only=True):
    """What is asked of a person."""

    url: str
    version: str
    name: str
    title: str
    status: str
    subject_type: tuple[str, ...]
    date: str
    description: str
    item: tuple[Item, ...]


class DiagnosticReport(Resource, frozen=True, kw_only=True):
    """What a visit found, before a clinician has signed it."""

    identifier: tuple[Identifier, ...]
    based_on: tuple[Reference, ...] = ()
    status: str
    code: CodeableConcept
    subject: Reference
    encounter: Reference | None = None
    effective_period: Period
    issued: str
    result: tuple[Reference, ...]
    conclusion: str


class ProvenanceAgent(Element, frozen=True, kw_only=True):
    """Who made something."""

    type: CodeableConcept
    who: Reference


class Source(Element, frozen=True, kw_only=True):
    """What something was made from."""

    role: str
    what: Reference


class Provenance(Resource, frozen=True, kw_only=True):
    """Where resources come from."""

    target: tuple[Reference, ...]
    recorded: str
    agent: tuple[ProvenanceAgent, ...]
    entity: tuple[Source, ...] = ()


class Content(Element, frozen=True, kw_only=True):
    """A document."""

    attachment: Attachment


class DocumentReference(Resource, frozen=True, kw_only=True):
    """A recording, by its hash: whoever has the file can tell that it is the one."""

    master_identifier: Identifier
    identifier: tuple[Identifier, ...]
    status: str
    type: CodeableConcept
    subject: Reference
    date: str
    security_label: tuple[CodeableConcept, ...]
    content: tuple[Content, ...]
