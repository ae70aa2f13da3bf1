"""What must come of every recorded webhook and letter, exactly: by folder and the kind in its name.

Nothing is taken for granted: a kind that stands nowhere here fails, and so does an entry without
a recording. A file of which something else comes than of its kind stands in ``SINGLES``. Several
words are a batch, and each of them comes of it. ``duplicate``: one letter in another spelling.
"""

from pathlib import Path

OUTCOMES: dict[str, dict[str, str]] = {
    "email": {
        "message": """
            attachment forwarded html_only malformed multipart not_a_bounce odd_charset plain
            reply_quoted
        """,
        "opt_out": "abuse_report",
        "quiet": "auto_reply",
        "status": "bounce",
    },
    "email_provider": {
        "message": """
            brevo_inbound mailgun_inbound postmark_inbound resend_api_receiving_email
            resend_inbound
        """,
        "rejected": "sparkpost_event sparkpost_inbound",
        "status": "amazon_ses_event brevo_event resend_event sendgrid_event",
        "unsupported": "amazon_ses_inbound mailgun_event postmark_event",
    },
    "facebook_feed": {
        "delete": "comment_remove post_remove ratings_comment_remove ratings_rating_remove",
        "delete echo edit message": "batch_comments_add_reply_edit",
        "echo": "comment_add",
        "edit": "post_edit ratings_comment_edited ratings_rating_edit status_edited",
        "hidden": "post_hide status_hide",
        # post_add: by a visitor
        # ratings_comment_add: without its text, with its address
        "message": "mention_post_add post_add ratings_comment_add ratings_rating_add",
        "post": """
            album_add album_edited photo_add photo_edited photo_hide share_add share_hide
            status_add video_add video_block video_hide video_mute
        """,
        "reaction": """
            like_add ratings_like_add ratings_reaction_add ratings_reaction_edit reaction_add
            reaction_edit reaction_remove
        """,
        "unsupported": "foo_bar_remove leadgen",
    },
    "hostile": {
        "echo": "echo_of_own_send",
        "message": """
            attachment_url_data attachment_url_decimal_ip attachment_url_file
            attachment_url_gopher attachment_url_localhost attachment_url_metadata_ip
            attachment_url_redirector attachment_url_userinfo attachments_500 email_1mb_header
            email_bare_lf_and_cr email_boundary_never_used email_nested_multipart_300
            email_only_headers email_recipients_5000 email_reply_to_other_tenant
            email_unknown_charset entries_2000_same_mid int64_overflow_ids int_5000_digits
            messenger_attachment_payload_null messenger_attachments_object
            messenger_nested_400_inside_message messenger_page_of_nobody messenger_sender_id_int
            nan_infinity negative_chat_id_large telegram_entities_utf16_offset
            telegram_text_and_caption_and_media text_injection_csv text_injection_llm_ignore
            text_injection_llm_tool text_injection_markdown_link_masq text_injection_sql
            text_injection_stop_words timestamp_negative timestamp_year_3000
            unicode_bidi_isolates unicode_cjk unicode_combining_only unicode_control_chars
            unicode_digits_fullwidth unicode_emoji_zwj unicode_escaped_slash_meta_style
            unicode_hebrew_mixed unicode_line_separators unicode_lone_surrogate_escape
            unicode_nfc_vs_nfd unicode_nul_char unicode_only_whitespace unicode_tag_chars
            unicode_thai unicode_zalgo unicode_zero_width wa_timestamp_float
            whatsapp_contacts_missing whatsapp_contacts_null_profile whatsapp_messages_object
            whatsapp_metadata_missing whatsapp_type_missing
        """,
        "message unrouted": "mixed_tenants_batch",
        "quiet": "email_auto_submitted_loop email_ooo_no_headers",
        # email_from_group_syntax: nobody signed
        "rejected": """
            comments_in_json email_from_group_syntax email_no_headers invalid_utf8_sequence
            messenger_entry_contains_null messenger_entry_is_string messenger_sender_id_empty
            messenger_sender_missing messenger_sender_null messenger_text_int
            messenger_text_object mid_20000_chars nested_objects_5000 overlong_utf8_slash
            single_quotes toplevel_array_of_null toplevel_empty_object toplevel_string
            toplevel_true trailing_comma trailing_garbage truncated_messenger_half
            truncated_messenger_minus1 truncated_mid_utf8_char truncated_telegram_half
            truncated_telegram_minus1 truncated_whatsapp_half two_objects utf16le
            whatsapp_type_text_without_text whatsapp_value_null xml_instead
        """,
        "status": "status_before_message statuses_out_of_order",
        # messenger_entry_is_object: the test connects what it reads in entry[0]
        "unrouted": "messenger_entry_is_object",
        "unsupported": """
            keys_5000 messenger_text_null proto_pollution telegram_message_null
            telegram_photo_empty_list text_injection_empty whatsapp_messages_null
            whatsapp_type_unknown_future
        """,
    },
    "instagram": {
        "delete": "unsend",
        "delete echo message": "batch_comments_add_reply_removed",
        "echo": "comments_capture echo",
        "edit": "message_edit",
        "message": """
            attachment_multiple attachment_unsupported_type batch_text_quick_reply
            change_comments change_mentions ig_story live_comments_changes
            live_comments_dashboard_v26 live_comments_flat_entry_field mentions_comment
            mentions_media postback_icebreaker share_reel story_mention story_reply text
            text_with_ad_referral top_level_array
        """,
        "referral": "referral_igme",
        # standby: without a word in it
        "standby": "standby",
        "status": "read seen",
        "unsupported": "change_story_insights self_test unsupported",
    },
    "linkedin": {
        # notification_batch_10: ten notes of one comment
        "duplicate message": "notification_batch_10",
        "echo": "notification_admin_comment",
        "message": "notification_comment notification_duplicate_id notification_share_mention",
        "reaction": "notification_like notification_share",
        "unsupported": "api_comments_list api_social_actions_summary lead_action_created",
    },
    "messenger": {
        "account": "policy_enforcement",
        "delete": "unsend",
        "echo": "echo",
        "echo message reaction": "batch_text_echo_postback",
        "handover": "handover",
        "message": """
            attachment_audio attachment_file attachment_image attachment_template
            attachment_video postback_referral quick_reply text
        """,
        # batch: the second of its entries is for another page
        "message unrouted": "batch",
        "reaction": "reaction",
        "referral": "referral",
        "status": "delivery read",
        # standby: without a word in it
        "unsupported": """
            account_linking checkout_update game_play no_messaging optin other payment
            pre_checkout standby unsupported
        """,
    },
    "telegram": {
        "edit": "edited_message_group_text",
        "message": """
            callback_query contact document group_reply group_text location photo reply sticker
            text venue video video_note voice
        """,
        "opt_out": "my_chat_member",
        "post": """
            channel_post_giveaway channel_post_service_or_other channel_post_text
            edited_channel_post_text
        """,
        "unsupported": """
            chosen_inline_result group_pinned_message group_service_or_other inline_query
            pre_checkout_query removed_chat_boost service_or_other shipping_query
        """,
    },
    "telegram_current": {
        "message": "audio document sticker venue video voice",
        "unsupported": "game pre_checkout_query shipping_query",
    },
    "tiktok": {
        "account": "authorization_removed",
        "comment": """
            comment_update_set_to_friends_only comment_update_set_to_hidden
            comment_update_set_to_public
        """,
        "delete": "comment_update_delete_reply",
        "echo": "im_send_msg_echo im_send_msg_text",
        "message": """
            comment_update_insert comment_update_insert_reply im_receive_msg_image
            im_receive_msg_share_post im_receive_msg_sticker im_receive_msg_text
        """,
        "reaction": "im_receive_msg_reaction",
        "referral": "im_referral_msg_ad",
        "status": "im_mark_read_msg",
        # im_receive_msg_eu: somebody wrote, and TikTok tells neither who nor what
        "unseen": "im_receive_msg_eu",
        "unsupported": """
            api_business_comment_list api_get_a_list_of_conversations api_get_a_list_of_messages
            api_get_comments video_upload_failed
        """,
    },
    "twilio": {
        "message": "location media text whatsapp_location",
    },
    "whatsapp": {
        "account": """
            field_account_update field_business_username_update field_phone_number_name_update
        """,
        "delete": "status_deleted",
        "edit": "edited_message outgoing_message",
        "message": """
            audio batch_text button contacts document image image_errors
            interactive_button_reply interactive_list_reply interactive_nfm_reply location order
            referral_ctwa_button referral_ctwa_text sticker text text_bsuid_only text_forwarded
            text_reply_context video voice
        """,
        "reaction": "reaction",
        "status": "status_delivered status_failed status_played status_read status_sent",
        "system": "system",
        "template": """
            field_message_template_components_update field_message_template_status_update
            field_template_category_update
        """,
        "unsupported": """
            field_calls field_group_participants_update interactive_call_permission_reply other
            unknown unsupported
        """,
    },
    "x": {
        "account": "xaa_oauth_revoke",
        "delete": "xaa_post_delete",
        "message": """
            aaa_direct_message_events aaa_support_for_longform_posts
            aaa_tweet_create_events_mentions
            aaa_tweet_create_events_posts_retweets_replies_quotetweets direct_message
            tweet_create_mention xaa_post_mention_create xaa_post_quote_create
            xaa_post_reply_create
        """,
        "unrouted": "aaa_user_event",
        # xaa_post_create: our own, answering nobody
        "unsupported": """
            aaa_adding_a_subscription aaa_job_completed_messages aaa_removing_a_subscription
            aaa_viewing_all_subscriptions
            webhook_linking_your_filtered_stream_instance_to_your_webhook
            webhook_retrieving_webhooks_linked_to_filtered_stream
            webhook_validate_and_re_enable_a_webhook webhook_view_webhooks xaa_broadcast_chat
            xaa_broadcast_end xaa_chat_sent xaa_follow_unfollow xaa_getting_the_events
            xaa_getting_user_ids xaa_like_create xaa_list_subscriptions xaa_post_create
            xaa_profile_update_banner_picture xaa_profile_update_bio xaa_profile_update_geo
            xaa_profile_update_profile_picture xaa_profile_update_screenname xaa_spaces_start
            xaa_update_subscription
        """,
    },
}
SINGLES: dict[str, str] = {
    "email/attachment__chatwoot_group_sender_support": "duplicate",
    "email/attachment__chatwoot_mail_with_no_subject": "duplicate",
    "email/attachment__chatwoot_multiple_attachments": "duplicate",
    "email/attachment__chatwoot_reply_mail_without_uuid": "duplicate",
    "email/attachment__chatwoot_reply_to": "duplicate",
    "email/attachment__chatwoot_support": "duplicate",
    "email/attachment__chatwoot_support_without_sender_name": "duplicate",
    "email/attachment__chatwoot_welcome": "duplicate",
    "email/attachment__flanker_attached_pdf": "rejected",  # no sender
    "email/attachment__flanker_message_external_body": "quiet",  # a list's
    "email/attachment__mikel_attachment_pdf_non_ascii": "duplicate",
    "email/attachment__mikel_attachment_pdf_non_ascii_lf": "duplicate",
    "email/attachment__mikel_attachment_with_encoded_name": "duplicate",
    "email/attachment__mikel_raw_email2": "duplicate",
    "email/attachment__mikel_raw_email8": "duplicate",
    "email/attachment__mikel_raw_email_with_multipart_mixed_quoted_boundary": "duplicate",
    "email/auto_reply__chatwoot_auto_reply_with_auto_submitted": "duplicate",
    "email/bounce__mikel_raw_email_with_mimepart_without_content_type": "unsupported",  # delayed
    "email/bounce__mikel_report_422": "unsupported",  # delayed: the server goes on for five days
    "email/bounce__sisimai_lhost_fml_02": "message",  # a list's refusal, from an ordinary address
    "email/bounce__sisimai_lhost_gmail_06": "unsupported",  # delayed
    "email/bounce__sisimai_rfc3464_07": "unsupported",  # delayed
    "email/malformed__flanker_enclosed_broken_body": "duplicate",
    "email/malformed__mikel_bad_date_header": "quiet",  # Precedence: junk
    "email/malformed__mikel_empty_in_reply_to": "quiet",  # a list's
    "email/multipart__flanker_apache_message_news_mime": "quiet",  # a list's
    "email/not_a_bounce__sisimai_rb_issue_368_bug": "quiet",  # says of itself that it is automatic
    "email/plain__mikel_basic_email_lf": "duplicate",
    "email/plain__mikel_example08": "duplicate",
    "email/plain__mikel_example09": "duplicate",
    "email/plain__mikel_example11": "duplicate",
    "email/plain__mikel_example13": "rejected",  # no sender
    "email/plain__mikel_raw_email_incorrect_header": "rejected",  # no sender
    "email/reply_quoted__chatwoot_references": "duplicate",
    "email/reply_quoted__flanker_from_encoding": "quiet",  # a list's
    "email_provider/amazon_ses_event__amazonsesnotificationste_click_event": "unsupported",
    "email_provider/amazon_ses_event__amazonsesnotificationste_complaint_event": "opt_out",
    "email_provider/amazon_ses_event__amazonsesnotificationste_open_event": "unsupported",
    "email_provider/brevo_event__brevodeliverytestcase_complaint": "opt_out",
    "email_provider/brevo_event__brevodeliverytestcase_proxy_open_event": "unsupported",
    "email_provider/brevo_event__brevodeliverytestcase_soft_bounce_event": "unsupported",
    "email_provider/brevo_event__brevodeliverytestcase_spam": "opt_out",
    "email_provider/brevo_event__brevodeliverytestcase_unique_opened_event": "unsupported",
    "email_provider/brevo_event__brevodeliverytestcase_unique_proxy_open_event": "unsupported",
    "email_provider/mailgun_event__mailgunlegacytestcase_alt_smtp_code": "status",
    "email_provider/mailgun_event__mailgunlegacytestcase_invalid_mailbox": "status",
    "email_provider/mailgun_event__mailgunlegacytestcase_misconfigured_inbound": "message",
    "email_provider/mailgun_event__mailguntestcase_complained_event": "opt_out",
    "email_provider/mailgun_event__mailguntestcase_failed_permanent_event": "status",
    "email_provider/mailgun_event__mailguntestcase_rejected_event": "status",
    "email_provider/mailgun_inbound__mailguninboundtestcase_misconfigured_tracking": "unsupported",
    "email_provider/postmark_event__postmarkdeliverytestcase_bounce_event": "status",
    "email_provider/postmark_event__postmarkdeliverytestcase_delivered_event": "status",
    "email_provider/resend_event__resendtestcase_complained_event": "opt_out",
    "email_provider/resend_event__resendtestcase_delivery_delayed_event": "unsupported",
    "email_provider/resend_event__resendtestcase_opened_event": "unsupported",
    "email_provider/sendgrid_event__sendgriddeliverytestcase_open_event": "unsupported",
    # by a visitor; the others by the page itself
    "facebook_feed/comment_add__bottender_commentAdd": "message",
    "facebook_feed/post_remove__restfb_feed_post_remove_25": "post",
    "facebook_feed/status_edited__restfb_feed_status_edited_photos": "post",
    "messenger/other__restfb_messaging_message_edits": "edit",
    "telegram/service_or_other__chatwoot_l61": "message",
    "twilio/text__chatwoot_incoming_l41": "unsupported",  # without words
    "whatsapp/other__chatwoot_l45": "rejected",
    "whatsapp/outgoing_message__pywa_outgoing_message_text": "echo",
}


def expected_of(file: Path) -> set[str]:
    """The outcomes of this recording; KeyError where the table states none."""
    folder, kind = file.parent.name, file.stem.partition("__")[0]
    single = SINGLES.get(f"{folder}/{file.stem}")
    return set((single or KINDS[folder, kind]).split())


def unrecorded(payloads: Path) -> list[str]:
    """Entries of which there is no recording any more."""
    files = [file for folder in OUTCOMES for file in (payloads / folder).iterdir()]
    kinds = {(file.parent.name, file.stem.partition("__")[0]) for file in files}
    names = {f"{file.parent.name}/{file.stem}" for file in files}
    return [*map(str, KINDS.keys() - kinds), *(SINGLES.keys() - names)]


KINDS = {
    (folder, kind): outcome
    for folder, groups in OUTCOMES.items()
    for outcome, kinds in groups.items()
    for kind in kinds.split()
}
