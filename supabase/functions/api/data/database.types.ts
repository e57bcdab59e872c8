export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "api_keys": {
        Row: {
          "company_id": string;
          "created_at": string;
          "credits_per_month": number | null;
          "disabled_at": string | null;
          "expires_at": string | null;
          "id": string;
          "last_used_at": string | null;
          "name": string;
          "requests_per_day": number;
          "requests_per_minute": number;
          "revoked_at": string | null;
          "scopes": (string)[];
        };
        ComputedFields: never;
        Insert: {
          "company_id": string;
          "created_at"?: string;
          "credits_per_month"?: number | null;
          "disabled_at"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "last_used_at"?: string | null;
          "name": string;
          "requests_per_day"?: number;
          "requests_per_minute"?: number;
          "revoked_at"?: string | null;
          "scopes": (string)[];
        };
        Update: {
          "company_id"?: string;
          "created_at"?: string;
          "credits_per_month"?: number | null;
          "disabled_at"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "last_used_at"?: string | null;
          "name"?: string;
          "requests_per_day"?: number;
          "requests_per_minute"?: number;
          "revoked_at"?: string | null;
          "scopes"?: (string)[];
        };
        Relationships: [
          {
            foreignKeyName: "api_keys_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
      "audit_log": {
        Row: {
          "action": string;
          "actor_id": string | null;
          "actor_type": string;
          "changes": NonNullable<Json>;
          "company_id": string;
          "created_at": string;
          "entity_id": string;
          "entity_type": string;
          "id": string;
          "request_id": string | null;
          "via": string;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "actor_id"?: string | null;
          "actor_type": string;
          "changes": NonNullable<Json>;
          "company_id": string;
          "created_at"?: string;
          "entity_id": string;
          "entity_type": string;
          "id"?: string;
          "request_id"?: string | null;
          "via": string;
        };
        Update: {
          "action"?: string;
          "actor_id"?: string | null;
          "actor_type"?: string;
          "changes"?: NonNullable<Json>;
          "company_id"?: string;
          "created_at"?: string;
          "entity_id"?: string;
          "entity_type"?: string;
          "id"?: string;
          "request_id"?: string | null;
          "via"?: string;
        };
        Relationships: [];
      };
      "automation_actions": {
        Row: {
          "action_type": string;
          "automation_id": string;
          "company_id": string;
          "config": NonNullable<Json>;
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "sequence": number;
          "updated_at": string;
          "listed_at": string | null;
        };
        ComputedFields: "listed_at";
        Insert: {
          "action_type": string;
          "automation_id": string;
          "company_id"?: string;
          "config"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "sequence": number;
          "updated_at"?: string;
        };
        Update: {
          "action_type"?: string;
          "automation_id"?: string;
          "company_id"?: string;
          "config"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "sequence"?: number;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "automation_actions_automation_fkey";
            columns: ["automation_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "automations";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "automation_actions_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
      "automation_runs": {
        Row: {
          "actions_executed": number;
          "actions_failed": number;
          "actions_skipped": number;
          "actions_total": number;
          "automation_id": string;
          "claims": number;
          "company_id": string;
          "completed_at": string | null;
          "created_at": string;
          "depth": number;
          "due_at": string | null;
          "duration_ms": number | null;
          "error": string | null;
          "event_id": string;
          "id": string;
          "refusal": string | null;
          "root_id": string | null;
          "run_id": string;
          "started_at": string;
          "status": string;
          "trigger_type": string;
          "triggered_by": string | null;
          "updated_at": string;
          "action_results": Json | null;
          "listed_at": string | null;
          "trigger_data": Json | null;
        };
        ComputedFields: "action_results" | "listed_at" | "trigger_data";
        Insert: {
          "actions_executed"?: number;
          "actions_failed"?: number;
          "actions_skipped"?: number;
          "actions_total"?: number;
          "automation_id": string;
          "claims"?: number;
          "company_id": string;
          "completed_at"?: string | null;
          "created_at"?: string;
          "depth"?: number;
          "due_at"?: string | null;
          "duration_ms"?: number | null;
          "error"?: string | null;
          "event_id": string;
          "id"?: string;
          "refusal"?: string | null;
          "root_id"?: string | null;
          "run_id"?: never;
          "started_at"?: string;
          "status"?: string;
          "trigger_type": string;
          "triggered_by"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "actions_executed"?: number;
          "actions_failed"?: number;
          "actions_skipped"?: number;
          "actions_total"?: number;
          "automation_id"?: string;
          "claims"?: number;
          "company_id"?: string;
          "completed_at"?: string | null;
          "created_at"?: string;
          "depth"?: number;
          "due_at"?: string | null;
          "duration_ms"?: number | null;
          "error"?: string | null;
          "event_id"?: string;
          "id"?: string;
          "refusal"?: string | null;
          "root_id"?: string | null;
          "run_id"?: never;
          "started_at"?: string;
          "status"?: string;
          "trigger_type"?: string;
          "triggered_by"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "automation_runs_automation_fkey";
            columns: ["automation_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "automations";
            referencedColumns: ["id", "company_id"];
          },
        ];
      };
      "automations": {
        Row: {
          "company_id": string;
          "conditions": NonNullable<Json>;
          "created_at": string;
          "created_by": string | null;
          "description": string | null;
          "enabled": boolean;
          "enabled_at": string;
          "id": string;
          "name": string;
          "priority": number;
          "stage_id": string | null;
          "trigger_type": string;
          "updated_at": string;
          "listed_at": string | null;
        };
        ComputedFields: "listed_at";
        Insert: {
          "company_id"?: string;
          "conditions"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string | null;
          "enabled"?: boolean;
          "enabled_at"?: string;
          "id"?: string;
          "name": string;
          "priority"?: number;
          "stage_id"?: string | null;
          "trigger_type": string;
          "updated_at"?: string;
        };
        Update: {
          "company_id"?: string;
          "conditions"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string | null;
          "enabled"?: boolean;
          "enabled_at"?: string;
          "id"?: string;
          "name"?: string;
          "priority"?: number;
          "stage_id"?: string | null;
          "trigger_type"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "automations_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "automations_stage_fkey";
            columns: ["stage_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipeline_stages";
            referencedColumns: ["id", "company_id"];
          },
        ];
      };
      "companies": {
        Row: {
          "abn": string | null;
          "address": string | null;
          "contact_email": string | null;
          "contact_name": string | null;
          "country": string | null;
          "created_at": string;
          "description": string | null;
          "id": string;
          "industry": string | null;
          "logo_url": string | null;
          "mail_name": string;
          "name": string;
          "phone": string | null;
          "primary_color": string | null;
          "secondary_color": string | null;
          "slug": string | null;
          "timezone": string;
          "updated_at": string;
          "website_url": string | null;
        };
        ComputedFields: never;
        Insert: {
          "abn"?: string | null;
          "address"?: string | null;
          "contact_email"?: string | null;
          "contact_name"?: string | null;
          "country"?: string | null;
          "created_at"?: string;
          "description"?: string | null;
          "id"?: string;
          "industry"?: string | null;
          "logo_url"?: string | null;
          "mail_name": string;
          "name": string;
          "phone"?: string | null;
          "primary_color"?: string | null;
          "secondary_color"?: string | null;
          "slug"?: string | null;
          "timezone"?: string;
          "updated_at"?: string;
          "website_url"?: string | null;
        };
        Update: {
          "abn"?: string | null;
          "address"?: string | null;
          "contact_email"?: string | null;
          "contact_name"?: string | null;
          "country"?: string | null;
          "created_at"?: string;
          "description"?: string | null;
          "id"?: string;
          "industry"?: string | null;
          "logo_url"?: string | null;
          "mail_name"?: string;
          "name"?: string;
          "phone"?: string | null;
          "primary_color"?: string | null;
          "secondary_color"?: string | null;
          "slug"?: string | null;
          "timezone"?: string;
          "updated_at"?: string;
          "website_url"?: string | null;
        };
        Relationships: [];
      };
      "company_settings": {
        Row: {
          "company_id": string;
          "form_tries_per_hour": number;
          "lead_sources": (string)[];
          "mail_form_contacts": boolean;
          "mail_recipients": (string)[];
          "referral_categories": (string)[];
          "referral_pipeline_id": string | null;
          "referral_stage_id": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "company_id": string;
          "form_tries_per_hour"?: number;
          "lead_sources"?: (string)[];
          "mail_form_contacts"?: boolean;
          "mail_recipients"?: (string)[];
          "referral_categories"?: (string)[];
          "referral_pipeline_id"?: string | null;
          "referral_stage_id"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "company_id"?: string;
          "form_tries_per_hour"?: number;
          "lead_sources"?: (string)[];
          "mail_form_contacts"?: boolean;
          "mail_recipients"?: (string)[];
          "referral_categories"?: (string)[];
          "referral_pipeline_id"?: string | null;
          "referral_stage_id"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "company_settings_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: true;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "company_settings_referral_pipeline_fkey";
            columns: ["referral_pipeline_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipelines";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "company_settings_referral_stage_fkey";
            columns: ["referral_stage_id", "referral_pipeline_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipeline_stages";
            referencedColumns: ["id", "pipeline_id", "company_id"];
          },
        ];
      };
      "crm_contacts": {
        Row: {
          "archived_at": string | null;
          "company_id": string;
          "created_at": string;
          "created_by": string | null;
          "email": string | null;
          "email_unsubscribed": boolean;
          "first_name": string;
          "id": string;
          "images": (string)[];
          "job_title": string | null;
          "last_name": string | null;
          "made_by_form": boolean;
          "phone": string | null;
          "search_text": string;
          "source": string | null;
          "unsubscribed_at": string | null;
          "updated_at": string;
          "listed_at": string | null;
        };
        ComputedFields: "listed_at";
        Insert: {
          "archived_at"?: string | null;
          "company_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "email"?: string | null;
          "email_unsubscribed"?: never;
          "first_name": string;
          "id"?: string;
          "images"?: (string)[];
          "job_title"?: string | null;
          "last_name"?: string | null;
          "made_by_form"?: boolean;
          "phone"?: string | null;
          "search_text"?: never;
          "source"?: string | null;
          "unsubscribed_at"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "archived_at"?: string | null;
          "company_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "email"?: string | null;
          "email_unsubscribed"?: never;
          "first_name"?: string;
          "id"?: string;
          "images"?: (string)[];
          "job_title"?: string | null;
          "last_name"?: string | null;
          "made_by_form"?: boolean;
          "phone"?: string | null;
          "search_text"?: never;
          "source"?: string | null;
          "unsubscribed_at"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "crm_contacts_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
      "crm_deal_placements": {
        Row: {
          "company_id": string;
          "created_at": string;
          "deal_created_at": string | null;
          "deal_id": string;
          "id": string;
          "pipeline_id": string;
          "position": number;
          "stage_id": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "company_id"?: string;
          "created_at"?: string;
          "deal_created_at"?: string | null;
          "deal_id": string;
          "id"?: string;
          "pipeline_id": string;
          "position"?: number;
          "stage_id": string;
          "updated_at"?: string;
        };
        Update: {
          "company_id"?: string;
          "created_at"?: string;
          "deal_created_at"?: string | null;
          "deal_id"?: string;
          "id"?: string;
          "pipeline_id"?: string;
          "position"?: number;
          "stage_id"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "crm_deal_placements_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "crm_deal_placements_deal_fkey";
            columns: ["deal_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_deals";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "crm_deal_placements_pipeline_fkey";
            columns: ["pipeline_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipelines";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "crm_deal_placements_stage_fkey";
            columns: ["stage_id", "pipeline_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipeline_stages";
            referencedColumns: ["id", "pipeline_id", "company_id"];
          },
        ];
      };
      "crm_deals": {
        Row: {
          "company_id": string;
          "contact_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string | null;
          "id": string;
          "lead_source": string | null;
          "metadata": NonNullable<Json>;
          "name": string;
          "notes": string | null;
          "primary_referrer_category": string | null;
          "primary_referrer_contact_id": string | null;
          "referrer_cleared_at": string | null;
          "search_text": string;
          "status": string;
          "tags": NonNullable<Json>;
          "updated_at": string;
          "value": number | null;
          "contact": Json | null;
          "listed_at": string | null;
          "placements": Json | null;
          "referrer": Json | null;
        };
        ComputedFields: "contact" | "listed_at" | "placements" | "referrer";
        Insert: {
          "company_id"?: string;
          "contact_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string | null;
          "id"?: string;
          "lead_source"?: string | null;
          "metadata"?: NonNullable<Json>;
          "name": string;
          "notes"?: string | null;
          "primary_referrer_category"?: string | null;
          "primary_referrer_contact_id"?: string | null;
          "referrer_cleared_at"?: string | null;
          "search_text"?: never;
          "status"?: string;
          "tags"?: NonNullable<Json>;
          "updated_at"?: string;
          "value"?: number | null;
        };
        Update: {
          "company_id"?: string;
          "contact_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string | null;
          "id"?: string;
          "lead_source"?: string | null;
          "metadata"?: NonNullable<Json>;
          "name"?: string;
          "notes"?: string | null;
          "primary_referrer_category"?: string | null;
          "primary_referrer_contact_id"?: string | null;
          "referrer_cleared_at"?: string | null;
          "search_text"?: never;
          "status"?: string;
          "tags"?: NonNullable<Json>;
          "updated_at"?: string;
          "value"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "crm_deals_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "crm_deals_contact_fkey";
            columns: ["contact_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_contacts";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "crm_deals_primary_referrer_fkey";
            columns: ["primary_referrer_contact_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_contacts";
            referencedColumns: ["id", "company_id"];
          },
        ];
      };
      "crm_pipeline_stages": {
        Row: {
          "company_id": string;
          "id": string;
          "name": string;
          "pipeline_id": string;
          "place": number;
          "position": number;
        };
        ComputedFields: never;
        Insert: {
          "company_id"?: string;
          "id"?: string;
          "name": string;
          "pipeline_id": string;
          "place"?: number;
          "position"?: number;
        };
        Update: {
          "company_id"?: string;
          "id"?: string;
          "name"?: string;
          "pipeline_id"?: string;
          "place"?: number;
          "position"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "crm_pipeline_stages_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "crm_pipeline_stages_pipeline_fkey";
            columns: ["pipeline_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipelines";
            referencedColumns: ["id", "company_id"];
          },
        ];
      };
      "crm_pipelines": {
        Row: {
          "company_id": string;
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "name": string;
          "updated_at": string;
          "listed_at": string | null;
          "stages": Json | null;
        };
        ComputedFields: "listed_at" | "stages";
        Insert: {
          "company_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "name": string;
          "updated_at"?: string;
        };
        Update: {
          "company_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "name"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "crm_pipelines_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
      "referral_requests": {
        Row: {
          "company_id": string;
          "consented_at": string | null;
          "contact_id": string;
          "created_at": string;
          "created_by": string | null;
          "deal_id": string | null;
          "delivery": string;
          "email_error": string | null;
          "email_id": string | null;
          "emailed_at": string | null;
          "expires_at": string;
          "expires_in_days": number;
          "how_it_works_html": string | null;
          "id": string;
          "intro_html": string | null;
          "lapses_at": string | null;
          "recipient_email": string;
          "recipient_name": string;
          "referral_id": string | null;
          "sent_at": string;
          "subject_override": string | null;
          "submission": Json | null;
          "submitted_at": string | null;
          "updated_at": string;
          "viewed_at": string | null;
          "withdrawn_at": string | null;
          "written_status": string;
          "listed_at": string | null;
          "status": string | null;
        };
        ComputedFields: "listed_at" | "status";
        Insert: {
          "company_id": string;
          "consented_at"?: string | null;
          "contact_id": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "deal_id"?: string | null;
          "delivery"?: string;
          "email_error"?: string | null;
          "email_id"?: string | null;
          "emailed_at"?: string | null;
          "expires_at": string;
          "expires_in_days"?: number;
          "how_it_works_html"?: string | null;
          "id"?: string;
          "intro_html"?: string | null;
          "lapses_at"?: string | null;
          "recipient_email": string;
          "recipient_name": string;
          "referral_id"?: string | null;
          "sent_at"?: string;
          "subject_override"?: string | null;
          "submission"?: Json | null;
          "submitted_at"?: string | null;
          "updated_at"?: string;
          "viewed_at"?: string | null;
          "withdrawn_at"?: string | null;
          "written_status"?: string;
        };
        Update: {
          "company_id"?: string;
          "consented_at"?: string | null;
          "contact_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "deal_id"?: string | null;
          "delivery"?: string;
          "email_error"?: string | null;
          "email_id"?: string | null;
          "emailed_at"?: string | null;
          "expires_at"?: string;
          "expires_in_days"?: number;
          "how_it_works_html"?: string | null;
          "id"?: string;
          "intro_html"?: string | null;
          "lapses_at"?: string | null;
          "recipient_email"?: string;
          "recipient_name"?: string;
          "referral_id"?: string | null;
          "sent_at"?: string;
          "subject_override"?: string | null;
          "submission"?: Json | null;
          "submitted_at"?: string | null;
          "updated_at"?: string;
          "viewed_at"?: string | null;
          "withdrawn_at"?: string | null;
          "written_status"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "referral_requests_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "referral_requests_contact_fkey";
            columns: ["contact_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_contacts";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "referral_requests_created_by_fkey";
            columns: ["created_by", "company_id"];
            isOneToOne: false;
            referencedRelation: "api_keys";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "referral_requests_deal_fkey";
            columns: ["deal_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_deals";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "referral_requests_referral_fkey";
            columns: ["referral_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "referrals";
            referencedColumns: ["id", "company_id"];
          },
        ];
      };
      "referrals": {
        Row: {
          "category": string | null;
          "company_id": string;
          "converted_at": string | null;
          "created_at": string;
          "created_by": string | null;
          "hand_set": boolean;
          "id": string;
          "notes": string | null;
          "referred_contact_id": string | null;
          "referred_deal_id": string | null;
          "referrer_contact_id": string;
          "source": string;
          "status": string;
          "updated_at": string;
          "listed_at": string | null;
          "opportunity": Json | null;
          "referred_contact": Json | null;
          "referrer": Json | null;
        };
        ComputedFields: "listed_at" | "opportunity" | "referred_contact" | "referrer";
        Insert: {
          "category"?: string | null;
          "company_id"?: string;
          "converted_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "hand_set"?: boolean;
          "id"?: string;
          "notes"?: string | null;
          "referred_contact_id"?: string | null;
          "referred_deal_id"?: string | null;
          "referrer_contact_id": string;
          "source"?: string;
          "status"?: string;
          "updated_at"?: string;
        };
        Update: {
          "category"?: string | null;
          "company_id"?: string;
          "converted_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "hand_set"?: boolean;
          "id"?: string;
          "notes"?: string | null;
          "referred_contact_id"?: string | null;
          "referred_deal_id"?: string | null;
          "referrer_contact_id"?: string;
          "source"?: string;
          "status"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "referrals_created_by_fkey";
            columns: ["created_by", "company_id"];
            isOneToOne: false;
            referencedRelation: "api_keys";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "referrals_referred_contact_fkey";
            columns: ["referred_contact_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_contacts";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "referrals_referred_deal_fkey";
            columns: ["referred_deal_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_deals";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "referrals_referrer_contact_fkey";
            columns: ["referrer_contact_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_contacts";
            referencedColumns: ["id", "company_id"];
          },
        ];
      };
      "webhook_deliveries": {
        Row: {
          "attempt_count": number;
          "attempts": NonNullable<Json>;
          "company_id": string;
          "created_at": string;
          "delivered_at": string | null;
          "due_at": string | null;
          "duration_ms": number | null;
          "error": string | null;
          "event_id": string;
          "event_type": string;
          "id": string;
          "last_attempt_at": string | null;
          "next_attempt_at": string | null;
          "response_body": string | null;
          "response_status": number | null;
          "status": string;
          "subscription_id": string;
          "under_way": boolean;
          "updated_at": string;
          "listed_at": string | null;
        };
        ComputedFields: "listed_at";
        Insert: {
          "attempt_count"?: number;
          "attempts"?: NonNullable<Json>;
          "company_id": string;
          "created_at"?: string;
          "delivered_at"?: string | null;
          "due_at"?: string | null;
          "duration_ms"?: number | null;
          "error"?: string | null;
          "event_id": string;
          "event_type": string;
          "id"?: string;
          "last_attempt_at"?: string | null;
          "next_attempt_at"?: never;
          "response_body"?: string | null;
          "response_status"?: number | null;
          "status"?: string;
          "subscription_id": string;
          "under_way"?: boolean;
          "updated_at"?: string;
        };
        Update: {
          "attempt_count"?: number;
          "attempts"?: NonNullable<Json>;
          "company_id"?: string;
          "created_at"?: string;
          "delivered_at"?: string | null;
          "due_at"?: string | null;
          "duration_ms"?: number | null;
          "error"?: string | null;
          "event_id"?: string;
          "event_type"?: string;
          "id"?: string;
          "last_attempt_at"?: string | null;
          "next_attempt_at"?: never;
          "response_body"?: string | null;
          "response_status"?: number | null;
          "status"?: string;
          "subscription_id"?: string;
          "under_way"?: boolean;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_deliveries_subscription_fkey";
            columns: ["subscription_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "webhook_subscriptions";
            referencedColumns: ["id", "company_id"];
          },
        ];
      };
      "webhook_subscriptions": {
        Row: {
          "company_id": string;
          "created_at": string;
          "created_by": string | null;
          "disabled_at": string | null;
          "disabled_reason": string | null;
          "enabled": boolean;
          "events": (string)[];
          "failing_since": string | null;
          "host": string | null;
          "id": string;
          "updated_at": string;
          "url": string;
          "listed_at": string | null;
        };
        ComputedFields: "listed_at";
        Insert: {
          "company_id": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "enabled"?: boolean;
          "events"?: (string)[];
          "failing_since"?: string | null;
          "host"?: never;
          "id"?: string;
          "updated_at"?: string;
          "url": string;
        };
        Update: {
          "company_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "enabled"?: boolean;
          "events"?: (string)[];
          "failing_since"?: string | null;
          "host"?: never;
          "id"?: string;
          "updated_at"?: string;
          "url"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_subscriptions_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
    };
    Views: {
      "expired_requests": {
        Row: {
          "company_id": string | null;
          "contact_id": string | null;
          "created_at": string | null;
          "deal_id": string | null;
          "delivery": string | null;
          "email_error": string | null;
          "expires_at": string | null;
          "id": string | null;
          "listed_at": string | null;
          "recipient_email": string | null;
          "recipient_name": string | null;
          "referral_id": string | null;
          "sent_at": string | null;
          "status": string | null;
          "submission": Json | null;
          "submitted_at": string | null;
          "updated_at": string | null;
          "viewed_at": string | null;
        };
        ComputedFields: never;
        Insert: {
          "company_id"?: string | null;
          "contact_id"?: string | null;
          "created_at"?: string | null;
          "deal_id"?: string | null;
          "delivery"?: string | null;
          "email_error"?: string | null;
          "expires_at"?: string | null;
          "id"?: string | null;
          "listed_at"?: string | null;
          "recipient_email"?: string | null;
          "recipient_name"?: string | null;
          "referral_id"?: string | null;
          "sent_at"?: string | null;
          "status"?: string | null;
          "submission"?: Json | null;
          "submitted_at"?: string | null;
          "updated_at"?: string | null;
          "viewed_at"?: string | null;
        };
        Update: {
          "company_id"?: string | null;
          "contact_id"?: string | null;
          "created_at"?: string | null;
          "deal_id"?: string | null;
          "delivery"?: string | null;
          "email_error"?: string | null;
          "expires_at"?: string | null;
          "id"?: string | null;
          "listed_at"?: string | null;
          "recipient_email"?: string | null;
          "recipient_name"?: string | null;
          "referral_id"?: string | null;
          "sent_at"?: string | null;
          "status"?: string | null;
          "submission"?: Json | null;
          "submitted_at"?: string | null;
          "updated_at"?: string | null;
          "viewed_at"?: string | null;
        };
        Relationships: [];
      };
      "placed_deals": {
        Row: {
          "company_id": string;
          "contact": Json | null;
          "contact_id": string | null;
          "created_at": string | null;
          "currency": string | null;
          "id": string;
          "lead_source": string | null;
          "listed_at": string | null;
          "metadata": Json | null;
          "name": string | null;
          "notes": string | null;
          "pipeline_id": string;
          "placements": Json | null;
          "primary_referrer_category": string | null;
          "primary_referrer_contact_id": string | null;
          "referrer": Json | null;
          "search_text": string | null;
          "stage_id": string;
          "status": string | null;
          "tags": Json | null;
          "updated_at": string | null;
          "value": number | null;
        };
        ComputedFields: never;
        Insert: {
          "company_id"?: string | null;
          "contact"?: Json | null;
          "contact_id"?: string | null;
          "created_at"?: string | null;
          "currency"?: string | null;
          "id"?: string | null;
          "lead_source"?: string | null;
          "listed_at"?: string | null;
          "metadata"?: Json | null;
          "name"?: string | null;
          "notes"?: string | null;
          "pipeline_id"?: string | null;
          "placements"?: Json | null;
          "primary_referrer_category"?: string | null;
          "primary_referrer_contact_id"?: string | null;
          "referrer"?: Json | null;
          "search_text"?: string | null;
          "stage_id"?: string | null;
          "status"?: string | null;
          "tags"?: Json | null;
          "updated_at"?: string | null;
          "value"?: number | null;
        };
        Update: {
          "company_id"?: string | null;
          "contact"?: Json | null;
          "contact_id"?: string | null;
          "created_at"?: string | null;
          "currency"?: string | null;
          "id"?: string | null;
          "lead_source"?: string | null;
          "listed_at"?: string | null;
          "metadata"?: Json | null;
          "name"?: string | null;
          "notes"?: string | null;
          "pipeline_id"?: string | null;
          "placements"?: Json | null;
          "primary_referrer_category"?: string | null;
          "primary_referrer_contact_id"?: string | null;
          "referrer"?: Json | null;
          "search_text"?: string | null;
          "stage_id"?: string | null;
          "status"?: string | null;
          "tags"?: Json | null;
          "updated_at"?: string | null;
          "value"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "crm_deal_placements_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "crm_deal_placements_deal_fkey";
            columns: ["id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_deals";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "crm_deal_placements_pipeline_fkey";
            columns: ["pipeline_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipelines";
            referencedColumns: ["id", "company_id"];
          },
          {
            foreignKeyName: "crm_deal_placements_stage_fkey";
            columns: ["stage_id", "pipeline_id", "company_id"];
            isOneToOne: false;
            referencedRelation: "crm_pipeline_stages";
            referencedColumns: ["id", "pipeline_id", "company_id"];
          },
        ];
      };
    };
    Functions: {
      "accept_wake_up": { Args: { "issued_at": number; "signature": string }; Returns: boolean };
      "action_results": {
        Args: { "": Database["public"]["Tables"]["automation_runs"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.action_results with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "admit_mail": {
        Args: { "action_id": string; "address"?: string; "contact"?: string; "run_id": string };
        Returns: Json;
      };
      "ask_for_referral": {
        Args: {
          "contact": string;
          "deal"?: string;
          "expires_in_days"?: number;
          "force"?: boolean;
          "how_it_works_html"?: string;
          "intro_html"?: string;
          "subject_override"?: string;
          "token": string;
          "unsubscribe_token": string;
        };
        Returns: Json;
      };
      "attribute_opportunity": {
        Args: {
          "category"?: string;
          "keeps_category"?: boolean;
          "opportunity_id": string;
          "referrer_contact_id"?: string;
        };
        Returns: Json;
      };
      "automation_run": { Args: { "run_id": string }; Returns: Json };
      "calling_country": { Args: Record<PropertyKey, never>; Returns: string };
      "calling_key_card": { Args: Record<PropertyKey, never>; Returns: Json };
      "claim_work": { Args: { "busy"?: (string)[]; "most_deliveries": number; "most_runs": number }; Returns: Json };
      "contact": {
        Args: { "": Database["public"]["Tables"]["crm_deals"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.contact with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "contact_with_email": { Args: { "email": string }; Returns: string };
      "convert_referral": { Args: { "referral_id": string }; Returns: Json };
      "create_automation": { Args: { "actions": Json; "automation": Json }; Returns: Json };
      "create_pipeline": { Args: { "name": string; "stages": Json }; Returns: Json };
      "create_webhook_subscription": {
        Args: { "enabled"?: boolean; "events": (string)[]; "secret"?: string; "url": string };
        Returns: Json;
      };
      "delivery_jobs": { Args: { "ids": (string)[] }; Returns: Json };
      "finish_run": {
        Args: { "actions_total": number; "error"?: string; "run_id": string; "status": string };
        Returns: undefined;
      };
      "form_address_key": { Args: Record<PropertyKey, never>; Returns: string };
      "give_back_credits": { Args: { "charge": string }; Returns: undefined };
      "has_contact": { Args: { "contact_id": string }; Returns: boolean };
      "listed_at":
        | {
          Args: { "": Database["public"]["Tables"]["automation_actions"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["automation_runs"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["automations"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["crm_contacts"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["crm_deals"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["crm_pipelines"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["referral_requests"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["referrals"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["webhook_deliveries"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["webhook_subscriptions"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.listed_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        };
      "move_opportunity": {
        Args: {
          "opportunity_id": string;
          "skip_action_ids"?: (string)[];
          "skip_automations"?: boolean;
          "target_pipeline_id": string;
          "target_position"?: number;
          "target_stage_id": string;
        };
        Returns: Json;
      };
      "opportunity": {
        Args: { "": Database["public"]["Tables"]["referrals"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.opportunity with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "placements": {
        Args: { "": Database["public"]["Tables"]["crm_deals"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.placements with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "record_action": { Args: { "result": Json; "run_id": string }; Returns: undefined };
      "record_deliveries": { Args: { "outcomes": Json }; Returns: undefined };
      "record_request_mail": {
        Args: { "email_error"?: string; "email_id"?: string; "request_id": string };
        Returns: undefined;
      };
      "record_thank_you": {
        Args: { "attempt": number; "email_id"?: string; "error"?: string; "referral_id": string };
        Returns: undefined;
      };
      "referral_form": { Args: { "token": string }; Returns: Json };
      "referral_history": {
        Args: { "referral_id": string };
        Returns: {
          "action": string;
          "actor_id": string | null;
          "actor_type": string;
          "changes": NonNullable<Json>;
          "company_id": string;
          "created_at": string;
          "entity_id": string;
          "entity_type": string;
          "id": string;
          "request_id": string | null;
          "via": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "audit_log";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "referral_in_the_way": { Args: { "chain": Json; "changed_id"?: string }; Returns: string };
      "referral_leaderboard": { Args: { "max_entries"?: number; "only_converted"?: boolean }; Returns: Json };
      "referred_contact": {
        Args: { "": Database["public"]["Tables"]["referrals"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.referred_contact with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "referrer":
        | {
          Args: { "": Database["public"]["Tables"]["crm_deals"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.referrer with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        }
        | {
          Args: { "": Database["public"]["Tables"]["referrals"]["Row"] };
          Returns:
            & { error: true }
            & "the function public.referrer with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
        };
      "remove_contact": { Args: { "contact_id": string; "force": boolean }; Returns: undefined };
      "remove_opportunity": { Args: { "opportunity_id": string }; Returns: undefined };
      "renew_referral_request": {
        Args: { "request_id": string; "token": string; "unsubscribe_token": string };
        Returns: Json;
      };
      "reorder_actions": { Args: { "action_ids": (string)[]; "automation_id": string }; Returns: number };
      "replay_webhook_delivery": { Args: { "delivery_id": string }; Returns: Json };
      "require_scope": { Args: { "scope"?: string }; Returns: undefined };
      "rotate_webhook_secret": { Args: { "secret"?: string; "subscription_id": string }; Returns: Json };
      "run_attribute_referral": {
        Args: { "action_id": string; "request": Json; "run_id": string };
        Returns: undefined;
      };
      "run_call_webhook": { Args: { "action_id": string; "run_id": string }; Returns: undefined };
      "run_job": { Args: { "run_id": string }; Returns: Json };
      "stages": {
        Args: { "": Database["public"]["Tables"]["crm_pipelines"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.stages with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "start_action_run": {
        Args: { "action_id": string; "automation_id": string; "trigger_data": Json };
        Returns: Json;
      };
      "start_automation_run": { Args: { "automation_id": string; "trigger_data": Json }; Returns: Json };
      "status": {
        Args: {
          "request": Omit<
            Database["public"]["Tables"]["referral_requests"]["Row"],
            Database["public"]["Tables"]["referral_requests"]["ComputedFields"]
          >;
        };
        Returns: string;
      };
      "submit_referral": {
        Args: {
          "category"?: string;
          "consent"?: boolean;
          "email"?: string;
          "first_name": string;
          "last_name"?: string;
          "message"?: string;
          "phone"?: string;
          "token": string;
        };
        Returns: Json;
      };
      "take_requests": { Args: { "cost"?: number; "count"?: number }; Returns: Json };
      "test_webhook": { Args: { "subscription_id": string }; Returns: Json };
      "thank_you_outcome": { Args: { "referral_id": string }; Returns: Json };
      "trigger_data": {
        Args: { "": Database["public"]["Tables"]["automation_runs"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.trigger_data with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "unsubscribe": { Args: { "token": string }; Returns: boolean };
      "unsubscribe_contact": { Args: { "contact_id": string }; Returns: Json };
      "unsubscribe_form": { Args: { "token": string }; Returns: Json };
      "view_referral_request": { Args: { "token": string }; Returns: boolean };
      "wake_dispatcher": { Args: Record<PropertyKey, never>; Returns: undefined };
      "webhook_in_the_way": { Args: { "url": string }; Returns: string };
      "withdraw_referral_request": { Args: { "request_id": string }; Returns: undefined };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Insert: infer I;
  } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Update: infer U;
  } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {},
  },
} as const;
