"""`lab sweep`: what is found by its tags, what of it may go, and that it goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from benchmark_lab.machine.tools import ResourcesRemainError
from benchmark_lab.targets.aws_ec2.account import Account
from benchmark_lab.targets.aws_ec2.sweep import Leftover, Patience, leftovers, outlived, remove_and_look
from benchmark_lab.targets.aws_ec2.tagged import Tagged, find
from tests.aws.account import make_all, played, tags

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAST, FUTURE = "2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z"
ME = "user/moto"

pytestmark = pytest.mark.tools


@pytest.fixture
def account() -> Iterator[Account]:
    with played() as account:
        yield account


def ids(found: list[Leftover]) -> set[str]:
    return {left.resource.id for left in found}


def swept(account: Account, ended: frozenset[str] = frozenset()) -> list[str]:
    said: list[str] = []
    patience = Patience(pause_s=0, listings=10)
    remove_and_look(account, lambda: leftovers(account, NOW, ended), said.append, patience=patience)
    return said


def test_what_outlived_its_time_is_found_and_removed_whatever_it_is(account: Account) -> None:
    made = make_all(account, tags("old", ME, PAST))
    found = leftovers(account, NOW, ())
    assert ids(found) >= {*made}
    assert {left.reason for left in found} == {"expired at 2026-11-23 11:00 UTC"}
    swept(account)
    assert find(account) == ()


def test_what_outlived_its_run_is_found_before_its_time_is_over(account: Account) -> None:
    make_all(account, tags("gone", ME, FUTURE))
    assert leftovers(account, NOW, ()) == []
    assert {left.reason for left in leftovers(account, NOW, {"gone"})} == {"its run is over"}
    swept(account, frozenset({"gone"}))
    assert find(account) == ()


def test_what_is_not_ones_own_or_still_needed_survives(account: Account) -> None:
    decoys = {
        "running": tags("running", ME, FUTURE),
        "anothers": tags("anothers", "user/somebody", PAST),
        "nobodys": {"lab:run": "nobodys", "lab:expires-at": PAST},
        "endless": {"lab:run": "endless", "lab:owner": ME},
        "unreadable": tags("unreadable", ME, "tomorrow"),
        "without-zone": tags("without-zone", ME, "2026-11-23T11:00:00"),
    }
    kept = {name: make_all(account, of) for name, of in decoys.items()}
    before = {each.id for each in find(account)}
    for key in ("Lab:run", "lab:runner", "run"):
        untagged = account.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
        values = {key: "old", "lab:owner": ME, "lab:expires-at": PAST}
        listed = [{"Key": name, "Value": value} for name, value in values.items()]
        account.ec2.create_tags(Resources=[untagged], Tags=listed)  # type: ignore[arg-type]  # stubs want literals
        kept[key] = [untagged]
    make_all(account, tags("old", ME, PAST))
    swept(account)
    assert {each.id for each in find(account)} == before
    volumes = {volume["VolumeId"] for volume in account.ec2.describe_volumes()["Volumes"]}
    assert {kept[key][0] for key in ("Lab:run", "lab:runner", "run")} <= volumes
    account.iam.get_role(RoleName="lab-anothers-scheduler")


def test_listings_of_many_pages_are_read_to_their_end(account: Account) -> None:
    """Instances come a hundred reservations a page, schedule groups a hundred."""
    of = tags("old", ME, PAST)
    listed = [{"Key": key, "Value": value} for key, value in of.items()]
    image = account.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = set()
    for number in range(101):
        started = account.ec2.run_instances(ImageId=image, InstanceType="c7a.large", MinCount=1, MaxCount=1)
        made.add(started["Instances"][0]["InstanceId"])
        account.scheduler.create_schedule_group(Name=f"lab-{number}", Tags=listed)  # type: ignore[arg-type]
    account.ec2.create_tags(Resources=[*made], Tags=listed)  # type: ignore[arg-type]  # stubs want literals
    assert len(account.ec2.describe_instances()["Reservations"]) == 100
    assert len(account.scheduler.list_schedule_groups()["ScheduleGroups"]) < 101
    assert ids(leftovers(account, NOW, ())) == made | {f"lab-{number}" for number in range(101)}


def test_what_cannot_be_removed_is_listed_and_where(account: Account) -> None:
    vpc, *_ = make_all(account, tags("old", ME, PAST))
    in_the_way = account.ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.8.0/24")["Subnet"]["SubnetId"]
    in_it = account.ec2.create_network_interface(SubnetId=in_the_way)["NetworkInterface"]["NetworkInterfaceId"]
    with pytest.raises(ResourcesRemainError) as raised:
        swept(account)
    assert raised.value.exit_code == 7
    assert raised.value.what == (
        "resources remain in us-east-1 of account 123456789012:\n"
        f"  vpc {vpc} (run old): expired at 2026-11-23 11:00 UTC"
    )
    account.ec2.delete_network_interface(NetworkInterfaceId=in_it)
    account.ec2.delete_subnet(SubnetId=in_the_way)
    swept(account)
    assert find(account) == ()


def test_three_empty_listings_in_a_row_are_the_proof(account: Account) -> None:
    """What appears late is removed as well: a listing that was empty proves nothing."""
    listings = iter([False, False, True, False, False, False])
    looked = []

    def look() -> list[Leftover]:
        looked.append(next(listings))
        late = Tagged("volume", "vol-late", "old", ME, None)
        return [Leftover(late, "late")] if looked[-1] else []

    remove_and_look(account, look, lambda _: None, patience=Patience(pause_s=0, listings=10))
    assert len(looked) == 6


def test_an_owner_has_nothing_to_do_with_another_of_the_account() -> None:
    of_others = Tagged("volume", "vol-1", "old", "user/somebody", datetime.fromisoformat(PAST))
    assert list(outlived([of_others], ME, NOW, {"old"})) == []
