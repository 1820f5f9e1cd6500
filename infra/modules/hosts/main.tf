locals {
  name = "${var.prefix}-${var.lane}"

  hosts = merge([
    for role, shape in var.roles : {
      for number in range(1, shape.count + 1) : "${var.lane}-${role}-${number}" => merge(shape, { role = role })
    }
  ]...)

  # Burstable types can't stand in a cluster.
  clustered = !anytrue([for shape in var.roles : startswith(shape.type, "t")])

  shutdown_at = formatdate("YYYY-MM-DD hh:mm:ss", var.expires_at)

  # Known before the host is: whoever logs in need not trust what answers first.
  keys = { for key in var.host_key[*] : "ssh_keys" => { ed25519_private = key.private, ed25519_public = key.public } }

  # Where an image lacks chrony, cloud-init installs it, before a host is taken for ready.
  time = { for source in var.time_source[*] : "ntp" => { enabled = true, ntp_client = "chrony", servers = [source] } }

  # Runs at each boot and early, so that neither a reboot nor a failed preparation keeps a host alive. Whichever comes first counts: the
  # hours since the boot guard against a clock that is wrong.
  boot = [
    ["systemd-run", "--unit=lab-expiry", "--timer-property=AccuracySec=1s", "--on-calendar=${local.shutdown_at} UTC", "--on-active=${ceil(var.hours * 60)}m", "systemctl", "poweroff"],
    # What Debian does by the clock would be measured along.
    ["systemctl", "mask", "--now", "apt-daily.timer", "apt-daily-upgrade.timer", "man-db.timer", "e2scrub_all.timer"],
  ]
}

resource "aws_placement_group" "this" {
  count = local.clustered ? 1 : 0

  name     = local.name
  strategy = "cluster"

  tags = { Name = local.name }
}

resource "aws_ec2_capacity_reservation" "this" {
  for_each = var.reserve_capacity ? var.roles : {}

  instance_type           = each.value.type
  instance_platform       = "Linux/UNIX"
  instance_count          = each.value.count
  availability_zone       = var.zone_name
  placement_group_arn     = one(aws_placement_group.this[*].arn)
  instance_match_criteria = "targeted"
  end_date_type           = "limited"
  end_date                = var.expires_at
  ebs_optimized           = true

  tags = { Name = "${local.name}-${each.key}" }
}

resource "aws_instance" "this" {
  # checkov:skip=CKV_AWS_88: lab reaches the hosts by SSH from one address; a gateway would cost more than the hosts
  # checkov:skip=CKV_AWS_126: hosts are measured on the spot, ten times a second


  for_each = local.hosts

  ami                                  = each.value.image
  instance_type                        = each.value.type
  subnet_id                            = var.subnet_id
  vpc_security_group_ids               = [var.security_group_ids[each.value.role]]
  associate_public_ip_address          = true
  key_name                             = var.key_name
  iam_instance_profile                 = lookup(var.instance_profiles, each.value.role, null)
  placement_group                      = one(aws_placement_group.this[*].name)
  ebs_optimized                        = true
  instance_initiated_shutdown_behavior = "terminate"
  user_data                            = "#cloud-config\n${jsonencode(merge(local.keys, local.time, { bootcmd = concat(local.boot, lookup(var.boot_commands, each.value.role, [])) }))}"
  user_data_replace_on_change          = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted             = true
    volume_type           = "gp3"
    volume_size           = each.value.volume_gib
    delete_on_termination = true
  }

  dynamic "instance_market_options" {
    for_each = var.spot ? [true] : []

    content {
      market_type = "spot"

      spot_options {
        spot_instance_type             = "one-time"
        instance_interruption_behavior = "terminate"
      }
    }
  }

  dynamic "capacity_reservation_specification" {
    for_each = var.reserve_capacity ? [aws_ec2_capacity_reservation.this[each.value.role].id] : []

    content {
      capacity_reservation_target {
        capacity_reservation_id = capacity_reservation_specification.value
      }
    }
  }

  tags        = { Name = "${var.prefix}-${each.key}" }
  volume_tags = merge(var.tags, { Name = "${var.prefix}-${each.key}" })
}

# The provider's default tags don't reach the interface that EC2 makes with an instance.
resource "aws_ec2_tag" "interface" {
  for_each = merge([
    for host in keys(local.hosts) : { for key, value in var.tags : "${host} ${key}" => { host = host, key = key, value = value } }
  ]...)

  resource_id = aws_instance.this[each.value.host].primary_network_interface_id
  key         = each.value.key
  value       = each.value.value
}
