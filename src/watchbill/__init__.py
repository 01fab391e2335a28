"""Watchbill: self-hosted incident management."""
