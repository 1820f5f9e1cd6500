# Known at apply only: run.auto.tfvars.json.

variable "run" {
  description = "The run's name; everything is named and tagged after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,29}$", var.run))
    error_message = "A run's name has at most 30 lower-case letters, digits and hyphens: names on AWS are made of it."
  }
}

variable "owner" {
  description = "Who answers for the run, such as a user name."
  type        = string
  nullable    = false
}

variable "expires_at" {
  description = "When everything that costs ends, whatever happens, in UTC: 2026-11-23T12:00:00Z."
  type        = string
  nullable    = false

  validation {
    condition     = can(formatdate("YYYY", var.expires_at)) && endswith(var.expires_at, "Z")
    error_message = "Write the time in UTC, such as 2026-11-23T12:00:00Z."
  }
}

variable "caller_cidr" {
  description = "The only address that SSH is open to, such as 203.0.113.7/32."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.caller_cidr)) && endswith(var.caller_cidr, "/32")
    error_message = "SSH is opened to one IPv4 address only: write it as ADDRESS/32."
  }
}

variable "public_key" {
  description = "The run's own SSH key, in the one-line format of OpenSSH."
  type        = string
  nullable    = false
}

variable "host_key" {
  description = "The SSH key that the run's hosts show, in OpenSSH's formats; null: each makes keys of its own."
  type        = object({ private = string, public = string })
  default     = null
  sensitive   = true
}

variable "zone" {
  description = "The availability zone that offers every type asked for: its id, such as use1-az4, and this account's name for it."
  type        = object({ id = string, name = string })
  nullable    = false
}

variable "images" {
  description = "Pinned image id by architecture; what is missing is looked up."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "role_boundary" {
  description = "ARN of the account's policy lab-boundary (boundary.json); null: roles are bound by their own policies alone."
  type        = string
  default     = null
}
