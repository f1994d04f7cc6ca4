"""FHIR R4: what leaves for other systems and comes from them, as resources, their codes, and how they are sent."""
