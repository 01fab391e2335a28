"""Which hours count as business hours."""

from datetime import date, time
from typing import Annotated, Self
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, Field, model_validator

from watchbill.domain.process.schema.values import Labelled, Part, Text, TimeOfDay, Weekday


def _zone_known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a known time zone. Write one such as Europe/Berlin or UTC") from None
    return name


TimeZoneName = Annotated[Text, AfterValidator(_zone_known)]


class PublicHolidays(Part):
    """`country` is an ISO 3166-1 code and `region` its subdivision, as the `holidays` library names them."""

    country: Text
    region: Text | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        regions = holidays.list_supported_countries().get(self.country)
        if regions is None:
            raise ValueError(f"no holidays are known for country {self.country!r}. Write a code such as DE, FR or US")
        if self.region is not None and self.region not in regions:
            raise ValueError(
                f"no holidays are known for region {self.region!r} of {self.country}. "
                f"Write one of {', '.join(regions) or 'none: leave `region` out'}"
            )
        return self


class BusinessCalendar(Labelled):
    """Open from `opens` to `closes` local time on `weekdays`, except on holidays and on `closed_on`.

    `closes: "00:00"` means the end of the day.
    """

    time_zone: TimeZoneName
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: TimeOfDay
    closes: TimeOfDay
    public_holidays: tuple[PublicHolidays, ...] = ()
    closed_on: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.closes <= self.opens and self.closes != time():
            raise ValueError("closes before it opens. Write a `closes` after `opens`; 00:00 is the end of the day")
        return self
