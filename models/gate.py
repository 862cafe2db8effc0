"""Gate: how many jobs of one kind of place, such as an endpoint, may run at once and how often one may start."""

from sqlmodel import Field, SQLModel

from models.row import Owned, Scope, ref_field, time_field


class Gate(Owned, SQLModel, table=True):
    """Jobs that name this gate start only while it is open, at most `capacity` at once, in every process together.

    All of them are of one queue. `opens_at`: closed until then, by the database's clock; None: closed until somebody
    opens it. `interval_ms`: the least average time between two starts, 0 for none; `burst` of them may start
    together. `next_start_at`: when the next one may start by that rate, an interval from now at most: a later time
    is from before the clock was set back, and does not count. `widens_at`: after a fault the limits are narrow, and
    are widened not before that time. A gate without a row is open without limits. Waiting jobs are not written. The
    transaction that opens a gate wakes the topic JOBS.
    """

    scope = Scope.ORGANIZATION

    id: str = ref_field(primary_key=True)
    organization_id: str = ref_field("organization.id")
    # A default of the column would replace None in an insert.
    opens_at: int | None = time_field(default=0, sa_column_kwargs={"default": None})
    capacity: int = Field(default=1)
    interval_ms: int = Field(default=0)
    burst: int = Field(default=1)
    next_start_at: int = time_field(default=0)
    widens_at: int = time_field(default=0, sa_column_kwargs={"server_default": "0"})
