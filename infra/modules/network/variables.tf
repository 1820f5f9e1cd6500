variable "name" {
  description = "What names begin with."
  type        = string
  nullable    = false
}

variable "zone_id" {
  description = "Id of the availability zone that all hosts stand in, such as use1-az4."
  type        = string
  nullable    = false
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
