"""Amazon's application load balancer. Columns were added at the end over the years, so later ones may be missing."""

from __future__ import annotations

from streams.intake.layouts import kinds
from streams.intake.layouts.kinds import SKIPPED, SKIPPED_NUMBERS
from streams.intake.layouts.layout import Layout, bare, quoted, spaced

LAYOUT = Layout(
    "alb",
    "AWS Application Load Balancer",
    spaced(
        bare("type", kinds.ALB_TYPE),
        bare("time", kinds.ISO_TIME),
        bare("elb", SKIPPED),
        bare("client:port", kinds.CLIENT_AND_PORT),
        bare("target:port", SKIPPED),
        bare("request_processing_time", SKIPPED_NUMBERS),
        bare("target_processing_time", SKIPPED_NUMBERS),
        bare("response_processing_time", SKIPPED_NUMBERS),
        bare("elb_status_code", kinds.STATUS),
        bare("target_status_code", SKIPPED_NUMBERS),
        bare("received_bytes", SKIPPED_NUMBERS),
        bare("sent_bytes", kinds.BYTES),
        quoted("request", kinds.ABSOLUTE_REQUEST),
        quoted("user_agent", kinds.USER_AGENT),
        bare("ssl_cipher", SKIPPED),
        bare("ssl_protocol", SKIPPED),
        bare("target_group_arn", SKIPPED, optional=True),
        quoted("trace_id", SKIPPED, optional=True),
        quoted("domain_name", SKIPPED, optional=True),
        quoted("chosen_cert_arn", SKIPPED, optional=True),
        bare("matched_rule_priority", SKIPPED_NUMBERS, optional=True),
        bare("request_creation_time", SKIPPED, optional=True),
        quoted("actions_executed", SKIPPED, optional=True),
        quoted("redirect_url", SKIPPED, optional=True),
        quoted("error_reason", SKIPPED, optional=True),
        quoted("target:port_list", SKIPPED, optional=True),
        quoted("target_status_code_list", SKIPPED, optional=True),
        quoted("classification", SKIPPED, optional=True),
        quoted("classification_reason", SKIPPED, optional=True),
        bare("conn_trace_id", SKIPPED, optional=True),
    ),
    sample="https 2026-05-17T10:05:03.186641Z app/my-lb/0123456789abcdef 203.0.113.9:2817 192.0.2.1:80 0.001 0.052 "
    '0.000 200 200 312 8190 "GET https://www.example.com:443/a?b=1 HTTP/1.1" "Mozilla/5.0 (X11; Linux x86_64; '
    'rv:140.0) Gecko/20100101 Firefox/140.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
    "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/t/0123456789abcdef "
    '"Root=1-00000000-0123456789abcdef01234567" "www.example.com" "-" 0 2026-05-17T10:05:03.134000Z "forward" "-" '
    '"-" "192.0.2.1:80" "200" "-" "-"',
    config="access logs of the load balancer in S3",
)
