"""GS1's rules of a resolver: which test shows each, and why one is not met."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.vectors import GS1, Tally

TLS = "TLS is the proxy's in front (deploy/nginx.conf)"
FURTHER = "no further way of compressing is read"
OTHERS = "it redirects to no other resolver, by no prefix"
NOT_MET: Final = (TLS, OTHERS, FURTHER)
RULES: Final = {
    "over tls": TLS,
    "get, head": "get_head_and_options_are_answered",
    "support cors": "any_site_may_ask",
    "response code of 400": "bad_syntax_is_said_with_400_to_programs_and_people",
    "use a 200 ok": "no_error_is_answered_with_200",
    "additional decompression": FURTHER,
    "decompress": "a_compressed_address_is_answered_as_what_it_stands_for_which_is_named",
    "owl:sameas": "a_compressed_address_is_answered_as_what_it_stands_for_which_is_named",
    "equivalent uncompressed": "a_compressed_address_is_answered_as_what_it_stands_for_which_is_named",
    "relevant uncompressed": OTHERS,
    "additional key-value": "the_whole_query_is_passed_on",
    "set to all": "links_of_all_levels_up_to_the_key_are_listed",
    "set to linkset": "all_links_are_listed_on_demand_as_rfc_9264_says",
    "key qualifiers, any links": "links_of_all_levels_up_to_the_key_are_listed",
    "uncompressed version": "links_of_all_levels_up_to_the_key_are_listed",
    "all key qualifiers": "all_qualifiers_of_a_key_are_taken",
    "json-ld#context": "the_resolver_describes_itself_and_what_makes_json_ld_of_its_lists",
    "http link header": "the_list_is_named_in_the_link_header_with_all_links",
    "default link shall not": "the_default_link_has_no_attributes_and_is_listed_under_what_it_is",
    "also be described": "the_default_link_has_no_attributes_and_is_listed_under_what_it_is",
    "default for any given": "the_default_link_has_no_attributes_and_is_listed_under_what_it_is",
    "no matter how granular": "however_particular_a_request_there_is_a_default",
    "defined by iana": "every_link_says_where_it_leads_its_sort_title_and_languages",
    "shall include the target": "every_link_says_where_it_leads_its_sort_title_and_languages",
    "redirect to the default": "however_particular_a_request_there_is_a_default",
    "redirect to the requested": "the_sort_of_link_that_is_asked_for_is_followed_in_each_spelling",
    "404 not found": "a_sort_of_link_that_is_not_there_is_not_found",
    "pass on all": "the_whole_query_is_passed_on",
    "accept-language": "a_page_is_in_the_language_that_its_reader_likes",
    "gs1resolver": "the_resolver_describes_itself_and_what_makes_json_ld_of_its_lists",
    "resolver description file.": "the_resolver_describes_itself_and_what_makes_json_ld_of_its_lists",
    "provided in the": "the_resolver_describes_itself_and_what_makes_json_ld_of_its_lists",
    "declared in the": "the_resolver_describes_itself_and_what_makes_json_ld_of_its_lists",
    "gs1 web vocabulary": "the_sort_of_link_that_is_asked_for_is_followed_in_each_spelling",
    "handledby": OTHERS,
    "slash": "a_slash_at_the_end_is_tolerated",
    "content directly": "a_printed_labels_address_is_answered_by_its_page",
}
"""Words of a rule, in the order in which they are looked for -> the test that shows it, or why it is not met."""


def test_each_of_gs1s_rules_has_its_test_or_its_reason(need: Callable[[Path], Path], tally: Tally) -> None:
    here = Path(__file__).resolve()
    folder = need(here.parents[3] / "shared" / "conformance" / "gs1-digital-link" / "resolver-testsuite")
    tests = (here.parent / "test_resolver.py").read_text(encoding="utf-8")
    rules = {
        f"{path.stem} {number}: {line.strip()}": next((how for words, how in RULES.items() if words in line.lower()), "")
        for path in sorted(folder.glob("*.txt"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.strip() and not line.strip().endswith(":")
    }
    left_out = {why: [rule for rule, how in rules.items() if how == why] for why in NOT_MET}

    assert len(rules) == 79
    tally(f"{GS1}resolver rules", {rule: f"def test_{how}(" in tests for rule, how in rules.items() if how not in NOT_MET}, left_out)
