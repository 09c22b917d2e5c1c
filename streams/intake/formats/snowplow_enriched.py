"""Snowplow's enriched events as its stream writes them: TSV with 131 columns, without a header."""

from __future__ import annotations

import re

import msgspec

from streams.intake.formats.export import RowError

# In the order of Snowplow's canonical event model.
COLUMNS = tuple(
    """
    app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id
    name_tracker v_tracker v_collector v_etl
    user_id user_ipaddress user_fingerprint domain_userid domain_sessionidx network_userid
    geo_country geo_region geo_city geo_zipcode geo_latitude geo_longitude geo_region_name
    ip_isp ip_organization ip_domain ip_netspeed
    page_url page_title page_referrer
    page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery page_urlfragment
    refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery refr_urlfragment
    refr_medium refr_source refr_term
    mkt_medium mkt_source mkt_term mkt_content mkt_campaign
    contexts se_category se_action se_label se_property se_value unstruct_event
    tr_orderid tr_affiliation tr_total tr_tax tr_shipping tr_city tr_state tr_country
    ti_orderid ti_sku ti_name ti_category ti_price ti_quantity
    pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max
    useragent br_name br_family br_version br_type br_renderengine br_lang
    br_features_pdf br_features_flash br_features_java br_features_director br_features_quicktime
    br_features_realplayer br_features_windowsmedia br_features_gears br_features_silverlight
    br_cookies br_colordepth br_viewwidth br_viewheight
    os_name os_family os_manufacturer os_timezone
    dvce_type dvce_ismobile dvce_screenwidth dvce_screenheight
    doc_charset doc_width doc_height
    tr_currency tr_total_base tr_tax_base tr_shipping_base ti_currency ti_price_base base_currency
    geo_timezone mkt_clickid mkt_network etl_tags dvce_sent_tstamp
    refr_domain_userid refr_dvce_tstamp derived_contexts domain_sessionid
    derived_tstamp event_vendor event_name event_format event_version event_fingerprint true_tstamp
    """.split()  # noqa: SIM905 -- 131 quoted names are harder to compare with Snowplow's own list
)

# A CSV header has commas and hardly any tabs, so 50 tabs suffice; a row that is cut off may have fewer than 130.
_TABS_OF_A_ROW = 50
# Schema URIs, such as iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0.
_SHOP_SCHEMA = re.compile(
    r"iglu:com\.snowplowanalytics\.snowplow\.ecommerce/"
    r"(?:snowplow_ecommerce_(?P<action>action)|(?P<entity>product|transaction))/jsonschema/.{1,40}"
)


def is_enriched(first_line: bytes) -> bool:
    """Whether the first line shows that a file has enriched events."""
    return first_line.count(b"\t") >= _TABS_OF_A_ROW


def enriched_row(raw: bytes) -> tuple[dict[str, object], dict[str, object]]:
    """The columns of a row by name, and its e-commerce objects.

    Raises:
        RowError: The row has another number of columns.
        UnicodeDecodeError: The row is not UTF-8.
    """
    values = raw.decode().split("\t")
    if len(values) != len(COLUMNS):
        raise RowError(f"The row has {len(values)} columns, an enriched event {len(COLUMNS)}: it may be cut off.")
    row: dict[str, object] = dict(zip(COLUMNS, values, strict=True))
    shop: dict[str, object] = {}
    for column in ("unstruct_event", "contexts"):
        if "snowplow.ecommerce" in str(row[column]):  # avoids decoding the JSON of most rows
            _collect(row[column], shop)
    return row, shop


def _collect(content: object, shop: dict[str, object]) -> None:
    """Adds the e-commerce objects of a column: an envelope whose data is a self-describing object or a list of them."""
    try:
        envelope = msgspec.json.decode(str(content))
    except (msgspec.DecodeError, RecursionError):
        return
    data = envelope.get("data") if isinstance(envelope, dict) else None
    for entity in data if isinstance(data, list) else [data]:
        if isinstance(entity, dict) and isinstance(schema := entity.get("schema"), str):
            known = _SHOP_SCHEMA.fullmatch(schema)
            if known:
                shop.setdefault(known["action"] or known["entity"], entity.get("data"))
