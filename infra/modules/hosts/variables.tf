variable "prefix" {
  description = "What names on AWS begin with."
  type        = string
  nullable    = false
}

variable "lane" {
  description = "The lane's name; hosts are called LANE-ROLE-NUMBER."
  type        = string
  nullable    = false
}

variable "roles" {
  description = "The shape of the hosts by role."
  type = map(object({
    type       = string
    image      = string
    count      = number
    volume_gib = number
  }))
  nullable = false
}

variable "subnet_id" {
  description = "The subnet that the hosts stand in."
  type        = string
  nullable    = false
}

variable "zone_name" {
  description = "That subnet's availability zone, by name: capacity reservations know no ids."
  type        = string
  nullable    = false
}

variable "security_group_ids" {
  description = "Security group by role."
  type        = map(string)
  nullable    = false
}

variable "key_name" {
  description = "The key pair that opens the hosts; null: none."
  type        = string
  default     = null
}

variable "host_key" {
  description = "The SSH key that the hosts show, in OpenSSH's formats; null: each makes keys of its own."
  type        = object({ private = string, public = string })
  default     = null
  sensitive   = true
}

variable "instance_profiles" {
  description = "What hosts may do on AWS, by role; without a profile: nothing."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "boot_commands" {
  description = "What else runs early at each boot, by role: commands as lists of words."
  type        = map(list(list(string)))
  default     = {}
  nullable    = false
}

variable "hours" {
  description = "How long after a boot a host ends itself at the latest."
  type        = number
  nullable    = false
}

variable "expires_at" {
  description = "When a host ends itself at the latest, in UTC: 2026-11-23T12:00:00Z."
  type        = string
  nullable    = false
}

variable "time_source" {
  description = "Address of the NTP server whose time hosts follow with chrony; without one: as the image has it."
  type        = string
  default     = null
}

variable "spot" {
  description = "Whether to rent spare capacity, which AWS may take away."
  type        = bool
  nullable    = false
}

variable "reserve_capacity" {
  description = "Whether to reserve the hosts' capacity before they start."
  type        = bool
  nullable    = false
}

variable "tags" {
  description = "The run's tags, for what the provider's default tags don't reach: volumes and interfaces."
  type        = map(string)
  nullable    = false
}
