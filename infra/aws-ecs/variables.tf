# Known to the compiler: terraform.tfvars.json.

variable "region" {
  description = "The region that everything stands in."
  type        = string
  nullable    = false
}

variable "lanes" {
  description = "How many sets of hosts each hardware value gets."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.lanes >= 1 && var.lanes <= 100 && floor(var.lanes) == var.lanes
    error_message = "Lanes are a whole number from 1 to 100."
  }
}

variable "hardware" {
  description = "The hosts of one lane by role, for each of the experiment's hardware values by name."
  type = map(object({
    sut  = object({ type = string, architecture = optional(string, "amd64"), count = optional(number, 1), volume_gib = optional(number, 20) })
    load = object({ type = string, architecture = optional(string, "amd64"), count = optional(number, 1), volume_gib = optional(number, 20) })
    db   = object({ type = string, architecture = optional(string, "amd64"), count = optional(number, 1), volume_gib = optional(number, 40) })
  }))
  nullable = false

  validation {
    condition     = length(var.hardware) > 0
    error_message = "There is no hardware."
  }

  validation {
    condition     = alltrue([for roles in var.hardware : roles.sut.count == 1 && roles.db.count == 1 && roles.load.count >= 1])
    error_message = "A lane has one sut, one db and at least one load."
  }

  validation {
    condition     = alltrue(flatten([for roles in var.hardware : [for shape in roles : contains(["amd64", "arm64"], shape.architecture)]]))
    error_message = "An architecture is amd64 or arm64."
  }

  validation {
    condition     = var.allow_burstable || !anytrue(flatten([for roles in var.hardware : [for shape in roles : can(regex("^t[0-9]", shape.type))]]))
    error_message = "Burstable types (t2, t3, t3a, t4g) slow down once their credits are spent, so that trials differ by when they run: set allow_burstable to use one all the same."
  }
}

variable "hours" {
  description = "How many hours a host lives at most."
  type        = number
  nullable    = false

  validation {
    condition     = var.hours > 0 && var.hours <= 48
    error_message = "A host lives at most 48 hours."
  }
}

variable "allow_burstable" {
  description = "Whether types may be used that slow down once their CPU credits are spent."
  type        = bool
  default     = false
  nullable    = false
}

variable "spot" {
  description = "Whether to rent spare capacity, which AWS may take away: a notice voids the trial."
  type        = bool
  default     = false
  nullable    = false
}

variable "reserve_capacity" {
  description = "Whether to reserve the hosts' capacity before they start; reserved hours cost what running ones do."
  type        = bool
  default     = false
  nullable    = false
}

variable "implementations" {
  description = "Tag of each implementation's image, made of its content, by the implementation's name."
  type        = map(string)
  nullable    = false
}
