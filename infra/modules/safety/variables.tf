variable "name" {
  description = "What names begin with."
  type        = string
  nullable    = false
}

variable "run" {
  description = "The run's name: only instances that carry it as their tag lab:run can be ended."
  type        = string
  nullable    = false
}

variable "expires_at" {
  description = "When the instances are ended, in UTC: 2026-11-23T12:00:00Z."
  type        = string
  nullable    = false
}

variable "instance_ids" {
  description = "Instance id by the host's name."
  type        = map(string)
  nullable    = false
}

variable "role_boundary" {
  description = "ARN of the policy that bounds what a role may do; null: no bound but the role's own policy."
  type        = string
  default     = null
}
