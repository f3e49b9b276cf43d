BEGIN TRANSACTION;
CREATE TABLE alembic_version_auth (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_auth_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version_auth" VALUES('a1b2c3d4e5f6');
CREATE TABLE experiment_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_experiment_user UNIQUE (experiment_id, user_id)
);
INSERT INTO "experiment_permissions" VALUES(1,'1',2,'MANAGE');
INSERT INTO "experiment_permissions" VALUES(2,'2',2,'READ');
INSERT INTO "experiment_permissions" VALUES(3,'3',2,'USE');
INSERT INTO "experiment_permissions" VALUES(4,'1',3,'EDIT');
INSERT INTO "experiment_permissions" VALUES(5,'2',3,'NO_PERMISSIONS');
CREATE TABLE gateway_endpoint_permissions (
	id INTEGER NOT NULL, 
	endpoint_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_endpoint_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_endpoint_user UNIQUE (endpoint_id, user_id)
);
INSERT INTO "gateway_endpoint_permissions" VALUES(1,'e-1',2,'MANAGE');
CREATE TABLE gateway_model_definition_permissions (
	id INTEGER NOT NULL, 
	model_definition_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_model_def_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_model_def_user UNIQUE (model_definition_id, user_id)
);
INSERT INTO "gateway_model_definition_permissions" VALUES(1,'d-1',2,'READ');
CREATE TABLE gateway_secret_permissions (
	id INTEGER NOT NULL, 
	secret_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_secret_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_secret_user UNIQUE (secret_id, user_id)
);
INSERT INTO "gateway_secret_permissions" VALUES(1,'s-1',2,'USE');
INSERT INTO "gateway_secret_permissions" VALUES(2,'s-1',3,'NO_PERMISSIONS');
CREATE TABLE registered_model_permissions (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_name_user UNIQUE (name, user_id)
);
INSERT INTO "registered_model_permissions" VALUES(1,'churn',2,'EDIT');
INSERT INTO "registered_model_permissions" VALUES(2,'größer/大きい 100%',2,'MANAGE');
INSERT INTO "registered_model_permissions" VALUES(3,'churn',3,'NO_PERMISSIONS');
INSERT INTO "registered_model_permissions" VALUES(4,'churn',4,'MANAGE');
CREATE TABLE scorer_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	scorer_name VARCHAR(256) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_scorer_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_scorer_user UNIQUE (experiment_id, scorer_name, user_id)
);
INSERT INTO "scorer_permissions" VALUES(1,'1','is it/good',2,'EDIT');
INSERT INTO "scorer_permissions" VALUES(2,'1','plain',3,'NO_PERMISSIONS');
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR(255), 
	password_hash VARCHAR(255), 
	is_admin BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'admin','scrypt:32768:8:1$cBRPnWYPBBW9TZmC$3201dba6f17d220c2d701ff0e037cd0b4709e0a2efe9dbadc5a3e6ee8890e5d06c436f7d5d8e9d193f80b1f9d0f25977042bba367bd2319448c39e96e54a10f4',1);
INSERT INTO "users" VALUES(2,'alice','scrypt:32768:8:1$OgbqqAE6Fzx9J6yg$838243373ca6dcd19b45135666fb4c8a506155031e1bddb99fd9f9952bc1b801959b3a5e662154527ecad9bf3198fd4629dcecf1d887b5946d71809be603fd07',0);
INSERT INTO "users" VALUES(3,'o''brien','scrypt:32768:8:1$4sW2RgUJ6SJyj2gw$2a88efa665e2e2a1993e6274c7d097e788bd59ec135a6852dc3f4547953931fb67716ea20647c2dab98ad6000042d5d5e2773def7632a3bd9f21a4cf58889ccb',0);
INSERT INTO "users" VALUES(4,'zoë','scrypt:32768:8:1$SuK4mLxLFaOc83kG$4c325b240f1c72530ffe3be2222b47bfad183e9ce51d574458c1961b895586a439d5ce08ebc1caac628eb7c600547be6e097d2c890012e7f0d90847b7886d4ce',1);
INSERT INTO "users" VALUES(5,'bob','scrypt:32768:8:1$yuvFemCKHtSc1yag$6dff5f9b2fb49e33ccf284d1a442112eada99a0b0ab3600895e28c5abdc4ce15dc85f0a1e7543d10599241b5defe767135c42a62f48259094df31a51aa67cd23',0);
INSERT INTO "users" VALUES(6,'eve','scrypt:32768:8:1$3HKRtGN3ZzcqONBI$d8c46b7ebee3566e877571d17b72a97091e446e8787874f4e29a2a6e7bbd3d0f0b4f76f6a1d8465b27405f7482878130633194a22dfb2823548cab704cbc5f13',0);
COMMIT;
