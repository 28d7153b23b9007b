terraform {
  required_version = ">= 1.8"

  required_providers {
    huaweivpc = {
      source  = "huaweivpc/huaweivpc"
      version = ">= 0.1.0"
    }
  }
}
